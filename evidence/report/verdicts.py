"""What was asked, and what came out: a row a question, its answer chosen by the numbers."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.report.article import counted, listed
from evidence.report.numbers import (
    at_least,
    exact,
    interval,
    judged,
    number,
    percent,
    signed,
    thousandths,
)
from evidence.report.sources.anova import Anova
from evidence.report.sources.cheaper import Exits, Quantized
from evidence.report.sources.compared import Accuracy, Asked, Validation
from evidence.report.sources.dispatch import Dispatch
from evidence.report.sources.frontier import Frontier
from evidence.report.sources.models import NAMES, Models
from evidence.report.sources.original import Original
from evidence.report.sources.profile import Profiled
from evidence.report.sources.rivals import Capacity
from evidence.report.sources.strategies import Strategies

CHANCE = 0.05
"""Of a true hypothesis to be rejected by one test."""


@dataclass(frozen=True)
class Verdict:
    """`held` is None for a question that asks for an answer and sets no goal."""

    name: str
    asked: str
    found: str
    held: bool | None
    judged: bool = True
    """Whether the records suffice for it."""

    @property
    def graded(self) -> bool:
        """Whether a goal was set."""
        return self.held is not None

    @property
    def verdict(self) -> str:
        """In two words at most."""
        return judged(self.held) if self.graded or not self.judged else "answered"


Asking = Callable[[Any], Iterator[Verdict]]


def verdicts(parts: Mapping[str, Any]) -> tuple[Verdict, ...]:
    """Of all parts that were measured."""
    known = ((parts[name], asking) for name, asking in ASKED if parts[name] is not None)
    return tuple(verdict for part, asking in known for verdict in asking(part))


def _accuracy(found: Validation) -> Iterator[Verdict]:
    for name, how, accuracy in (
        ("simulated", "simulation", found.simulated),
        ("closed-form", "closed forms where they hold", found.closed_form),
    ):
        if accuracy.runs:
            asked = f"Mean response times predicted by {how} are {_within(found.asked)}"
            yield Verdict(name, asked, _errors(accuracy), accuracy.held)


def _within(asked: Asked) -> str:
    return (
        f"within {percent(asked.median)} in the median and {percent(asked.worst)} at worst, up to "
        f"a utilisation of {exact(asked.utilisation)}"
    )


def _errors(found: Accuracy) -> str:
    return f"{percent(found.median)} and {percent(found.worst)} over {counted(found.runs, 'run')}"


def _captured(found: Validation) -> Iterator[Verdict]:
    gains = found.gains
    if gains:
        most = max(gains, key=lambda gain: abs(gain.error))
        yield Verdict(
            "captured",
            "Cheaper levels shorten the response at the same rate, and the model says by how much, "
            f"within {percent(found.asked.worst)}",
            f"{most.cheap} for {most.dear} at {exact(most.rate)}/s: {number(most.measured)} times "
            f"measured, {number(most.predicted)} predicted, the farthest of "
            f"{counted(len(gains), 'pair')}",
            all(g.measured < 1 and abs(g.error) <= found.asked.worst for g in gains),
        )


def _capacity(found: Validation) -> Iterator[Verdict]:
    capacity = found.capacity
    if capacity is None or capacity.best_level not in capacity.knees:
        return
    knees = [
        f"{policy} {at_least(exact(knee), capacity.bounded(policy))}/s"
        for policy, knee in capacity.knees.items()
        if knee
    ]
    yield Verdict(
        "capacity",
        f"Following the queue sustains {number(capacity.asked, 2)} times the rate of "
        f"{capacity.best_level} within {found.slo}",
        f"{_ratio(capacity)}; "
        + (f"sustained: {', '.join(knees)}" if knees else "no policy sustained any rate"),
        capacity.held,
        judged=capacity.held is not None,
    )


def _ratio(capacity: Capacity) -> str:
    if capacity.ratio_at_least is not None:
        return f"{at_least(number(capacity.ratio_at_least), True)} times"
    return f"{number(capacity.ratio)} times" if capacity.ratio else "no ratio"


def _margins(found: Validation) -> Iterator[Verdict]:
    if found.margins:
        held = sum(bool(margin.held) for margin in found.margins)
        least = min(found.margins, key=lambda margin: margin.margin.value)
        yield Verdict(
            "margins",
            "At the same rate, following the queue gives better pictures than the fastest level",
            f"{held} of {counted(len(found.margins), 'comparison')}; the least margin is "
            f"{interval(least.margin)} points, at {exact(least.rate)}/s",
            held == len(found.margins),
        )


def _arrivals(found: Validation) -> Iterator[Verdict]:
    tested = [run.ks_p for run in found.tested if run.ks_p is not None]
    if tested:
        rejected = sum(p < CHANCE for p in tested)
        yield Verdict(
            "arrivals",
            "Which arrival process?",
            f"Poisson is rejected at {percent(CHANCE)} in {rejected} of "
            f"{counted(len(tested), 'schedule')}; {exact(CHANCE * len(tested))} were to be "
            "expected by chance",
            None,
        )


def _models(found: Models) -> Iterator[Verdict]:
    said = (
        f"{name} {percent(found.median(name))} off"
        + (f" and unstable at {found.silent(name)}" if found.silent(name) else "")
        for name in NAMES
        if found.median(name) is not None
    )
    yield Verdict(
        "models",
        "Which queueing model: M/M/k, M/G/k, or the batch engine?",
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
        listed(gains) if gains else "no precision, with intervals apart",
        bool(gains) if timed else None,
        judged=timed,
    )


def _exits(found: Exits) -> Iterator[Verdict]:
    rules = counted(len(found.rules), "rule")
    faster, timed = (
        f"{len(found.faster)} of {rules}, with intervals apart",
        found.before.seconds.bounded,
    )
    yield Verdict(
        "early-exit",
        "Early exit shortens a picture",
        faster,
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
        yield Verdict(
            "optimum",
            "How near is the plan to the best that any policy could do?",
            f"in simulation at most {number(gap.points, 2)} ± {number(gap.half_width, 2)} points, "
            f"at {exact(gap.rate)}/s",
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
    changes = [f"{signed(each.change)} at {exact(each.rate)}/s" for each in found.rates]
    yield Verdict(
        "dispatch",
        "How many queues for several workers: one for all, or one each, and join the shortest?",
        f"Of {counted(len(found.rates), 'rate')} the shortest queue wins at {found.won('jsq')}, "
        f"the shared one at {found.won('shared')}; mean under the former: {', '.join(changes)}",
        None,
    )


def _original(found: Original) -> Iterator[Verdict]:
    yield Verdict(
        "original",
        "The simulator reproduces the published mean responses of the original study",
        f"{found.conditioned} of {found.published} intervals hold its mean, "
        f"{found.unconditioned} without the arrivals that the study happened to draw",
        found.held,
    )


ASKED: tuple[tuple[str, Asking], ...] = (
    ("validation", _accuracy),
    ("validation", _captured),
    ("validation", _capacity),
    ("validation", _margins),
    ("validation", _arrivals),
    ("models", _models),
    ("anova", _anova),
    ("profile", _levels),
    ("quantization", _quantized),
    ("early_exit", _exits),
    ("frontier", _frontier),
    ("strategies", _strategies),
    ("dispatch", _dispatch),
    ("original", _original),
)
