"""What was asked, and what came out: a row a question, its answer chosen by the numbers."""

from collections.abc import Iterator, Mapping
from typing import Any

from evidence.report import live_verdicts
from evidence.report.article import counted, listed
from evidence.report.numbers import (
    Estimate,
    exact,
    interval,
    number,
    percent,
    signed,
    thousandths,
)
from evidence.report.sources.anova import Anova
from evidence.report.sources.cheaper import Exits, Quantized
from evidence.report.sources.frontier import Frontier
from evidence.report.sources.models import NAMES, Models
from evidence.report.sources.original import Original
from evidence.report.sources.profile import Profiled
from evidence.report.sources.rules import Dispatch
from evidence.report.sources.strategies import Strategies
from evidence.report.verdict import Asking, Verdict


def verdicts(parts: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Of all parts that were measured."""
    known = ((parts[name], asking) for name, asking in ASKED if parts[name] is not None)
    return tuple(verdict for part, asking in known for verdict in asking(part))


def _models(found: Models) -> Iterator[Verdict]:
    said = (
        f"{name} {percent(found.median(name))} off"
        + (f" and unstable at {found.silent(name)}" if found.silent(name) else "")
        for name in NAMES
        if found.median(name) is not None
    )
    yield Verdict(
        "models",
        "Which queueing model: M/M/k, M/G/k, or processor sharing?",
        f"{found.best}: over {counted(len(found.cells), 'steady point')}, in the median "
        f"{', '.join(said)}",
        None,
    )


def _levels(found: Profiled) -> Iterator[Verdict]:
    worse = [rung.name for rung in found.worse]
    yield Verdict(
        "levels",
        "Are more steps better?",
        f"{len(found.dominated)} of {counted(len(found.rungs), 'level')} cost more than another "
        "without a gain that these captions show; worse than the first beyond chance: "
        + (listed(worse) if worse else "none"),
        None,
    )


def _quantized(found: Quantized) -> Iterator[Verdict]:
    timed = found.pictures[0].seconds.bounded
    gains = [f"{each.name} takes {percent(each.ratio)} of the time" for each in found.gains]
    yield Verdict(
        "quantization",
        "Quantization shortens a picture",
        _shown(timed, listed(gains) if gains else "no precision, with intervals apart"),
        bool(gains) if timed else None,
        judged=timed,
    )


def _shown(timed: bool, said: str) -> str:
    """What intervals of seconds say, if there are any."""
    return said if timed else "not known: their seconds have no intervals"


def _exits(found: Exits) -> Iterator[Verdict]:
    rules = counted(len(found.rules), "rule")
    timed = found.before.seconds.bounded
    yield Verdict(
        "early-exit",
        "Early exit shortens a picture",
        _shown(timed, f"{len(found.faster)} of {rules}, with intervals apart"),
        bool(found.faster) if timed else None,
        judged=timed,
    )
    yield Verdict(
        "exit-or-fewer",
        "Early exit draws better than as many plain steps",
        f"{len(found.worthwhile)} of {rules} better, {len(found.harmful)} worse",
        bool(found.worthwhile),
    )


def _anova(found: Anova) -> Iterator[Verdict]:
    if found.effects:
        first = found.effects[0]
        fit = f"; the linear model has R² = {thousandths(found.r_squared)}"
        yield Verdict(
            "anova",
            "What does a job's time depend on?",
            f"{len(found.significant)} of {counted(len(found.effects), 'term')} matter, most of "
            f"all {first.name} (partial η² = {thousandths(first.eta_sq)}){fit}",
            None,
        )


def _frontier(found: Frontier) -> Iterator[Verdict]:
    gap = found.largest_gap
    if gap:
        size = f"{number(gap.points, 2)} ± {number(gap.half_width, 2)} points"
        yield Verdict(
            "optimum",
            "How near is the plan to the best that any policy could do?",
            f"in simulation at most {size}, at {exact(gap.rate)}/s"
            if gap.ahead
            else "in simulation the optimum is nowhere ahead of it",
            None,
        )


def _strategies(found: Strategies) -> Iterator[Verdict]:
    apart = "" if found.told_apart else ", but the intervals overlap"
    yield Verdict(
        "strategies",
        "Which way to make a book is fastest?",
        f"{found.fastest.name}, {interval(found.fastest.whole)} s a book; {found.slowest.name} "
        f"takes longest, {interval(found.slowest.whole)} s{apart}",
        None,
    )


def _dispatch(found: Dispatch) -> Iterator[Verdict]:
    changes = [f"{_relative(each.change)} at {exact(each.rate)}/s" for each in found.rates]
    theory = [
        f"{_between(*each.theory.changes)} at {exact(each.rate)}/s"
        for each in found.rates
        if each.theory
    ]
    expected = f"; with a device each simulation expects {', '.join(theory)}" if theory else ""
    yield Verdict(
        "dispatch",
        "How many queues for several workers: one for all, or one each, and join the shortest?",
        f"Of {counted(len(found.rates), 'rate')} on one machine the shortest queue "
        f"wins at {found.won('jsq')}, the shared one at {found.won('shared')}; mean under the "
        f"former: {', '.join(changes)}{expected}",
        None,
    )


def _relative(change: Estimate) -> str:
    return f"{signed(change.value)} ({_between(change.low, change.high)})"


def _between(low: float, high: float) -> str:
    ends = signed(low), signed(high)
    return ends[0] if len(set(ends)) == 1 else " … ".join(ends)


def _original(found: Original) -> Iterator[Verdict]:
    yield Verdict(
        "original",
        "The simulator reproduces the published mean responses of the original study",
        f"{found.conditioned} of {found.published} intervals hold its mean, "
        f"{found.unconditioned} without the arrivals that the study happened to draw",
        found.held,
    )


ASKED: tuple[tuple[str, Asking], ...] = (
    ("validation", live_verdicts.accuracy),
    ("validation", live_verdicts.captured),
    ("validation", live_verdicts.capacity),
    ("validation", live_verdicts.margins),
    ("validation", live_verdicts.arrivals),
    ("models", _models),
    ("anova", _anova),
    ("profile", _levels),
    ("quantization", _quantized),
    ("early_exit", _exits),
    ("frontier", _frontier),
    ("validation", live_verdicts.distances),
    ("strategies", _strategies),
    ("dispatch", _dispatch),
    ("original", _original),
)
