"""Policies held against each other at the same rate: by how much one is better. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from evidence.plan import OPTIMAL
from evidence.validation.capacity import adapts, moves
from evidence.validation.differences import (
    by_policy_and_rate,
    difference,
    in_time,
    level_qualities,
    pooled,
    qualities,
)
from evidence.validation.figures import AsJson, plain
from evidence.validation.intervals import ranged
from evidence.validation.measured import jobs
from evidence.validation.solved import NOT_KNOWN
from evidence.validation.study import Run, Study
from loadgen.metrics import Estimate

Pick = Callable[[Run], bool]
Pair = tuple[Sequence[Run], Sequence[Run]]
"""Repeats of a policy and of another one at the same rate."""
Differences = tuple[Estimate, Estimate]


@dataclass(frozen=True)
class Margin:
    """Of a policy at a rate; `held`: its interval is above 0."""

    policy: str
    rate: float
    over: str
    margin: Estimate

    @property
    def held(self) -> bool:
        """Whether it is better beyond chance."""
        return self.margin.low > 0

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {
            "policy": self.policy,
            "rate": self.rate,
            "over": self.over,
            "margin": plain(self.margin),
            "held": self.held,
        }


@dataclass(frozen=True)
class Contest(AsJson):
    """Planned rules less hand-set thresholds at a rate: effective quality, and seconds of the 95th
    percentile. `held`: planned is in time wherever the other is, and its quality no worse beyond
    chance."""

    rate: float
    planned: str
    hand_set: str
    quality: Estimate
    p95_response: Estimate
    held: bool


@dataclass(frozen=True)
class Distance(AsJson):
    """A policy less the optimum at a rate: effective quality, and seconds of the 95th percentile.

    The optimum is that of a model, and in the steady state: a run may be better. Whether it `met`
    its target there, and its solver's `note`; None where that was not kept.
    """

    rate: float
    policy: str
    optimum: str
    quality: Estimate
    p95_response: Estimate
    met: bool | None = None
    note: str | None = None


def margins(study: Study) -> list[Margin]:
    """Of every policy that follows the queue without being told the rate, at every rate; none
    without qualities."""
    if study.qualities is None:
        return []
    worth, over = level_qualities(study), f"fixed:{study.names[-1]}"
    found = []
    for (policy, rate), runs in by_policy_and_rate(study).items():
        if adapts(runs[0].policy):
            played = [jobs(run, study.names) for run in runs]
            value, drawn = pooled(qualities(played, worth))
            above = ranged(value - worth.value[-1], drawn - worth.drawn[:, -1])
            found.append(Margin(policy, rate, over, above))
    return found


def contests(study: Study) -> list[Contest]:
    """Every planned policy against every threshold policy at the rates that both were run at."""
    pairs = _pairs(study, lambda run: _is(run, "planned:"), lambda run: _is(run, "threshold:"))
    return [
        Contest(*_keys(pair), *each, _as_good(study, pair, each[0]))
        for pair, each in _with_differences(study, pairs)
    ]


def distances(study: Study) -> list[Distance]:
    """Of every other policy that follows the queue, at the rates that the optimum was run at."""
    pairs = _pairs(study, lambda run: moves(run.policy) and not _optimal(run), _optimal)
    return [_distance(study, pair, each) for pair, each in _with_differences(study, pairs)]


def _distance(study: Study, pair: Pair, found: Differences) -> Distance:
    rate, policy, optimum = _keys(pair)
    solved = study.solved.get(f"{rate:g}", NOT_KNOWN)
    return Distance(rate, policy, optimum, *found, met=solved.met, note=solved.note)


def _optimal(run: Run) -> bool:
    """By the table that was solved for its rate, not by others of the kind."""
    return run.policy.folder == OPTIMAL


def _is(run: Run, kind: str) -> bool:
    return run.policy.notation.startswith(kind)


def _pairs(study: Study, mine: Pick, others: Pick) -> list[Pair]:
    """The runs of each that is picked beside those of each other one at the same rate."""
    found = by_policy_and_rate(study).items()
    first, second = ([each for each in found if pick(each[1][0])] for pick in (mine, others))
    return [(a, b) for (one, a) in first for (other, b) in second if one[1] == other[1]]


def _keys(pair: Pair) -> tuple[float, str, str]:
    mine, other = (runs[0] for runs in pair)
    return mine.rate, mine.policy.notation, other.policy.notation


def _with_differences(study: Study, pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Differences]]:
    """None without qualities."""
    if study.qualities is not None and pairs:
        worth = level_qualities(study)
        yield from ((pair, difference(study, worth, *pair)) for pair in pairs)


def _as_good(study: Study, pair: Pair, above: Estimate) -> bool:
    mine, other = (in_time(study, runs) for runs in pair)
    return above.high >= 0 and (mine or not other)
