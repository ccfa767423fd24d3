"""Policies held against each other at the same rate: by how much one is better. Pure."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from evidence.validation.capacity import moves
from evidence.validation.differences import apart, cells, in_time, level_qualities, pooled, quality
from evidence.validation.figures import plain
from evidence.validation.intervals import ranged
from evidence.validation.measured import jobs
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
class Contest:
    """Planned rules less hand-set thresholds at a rate: effective quality, and seconds of the 95th
    percentile. `held`: planned is in time wherever the other is, and its quality no worse beyond
    chance."""

    rate: float
    planned: str
    hand_set: str
    quality: Estimate
    p95_response: Estimate
    held: bool

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {name: plain(value) for name, value in vars(self).items()}


@dataclass(frozen=True)
class Distance:
    """A policy less the optimum at a rate: effective quality, and seconds of the 95th percentile.

    The optimum is that of a model, and in the steady state: a run may be better.
    """

    rate: float
    policy: str
    optimum: str
    quality: Estimate
    p95_response: Estimate

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {name: plain(value) for name, value in vars(self).items()}


def margins(study: Study) -> list[Margin]:
    """Of every policy that follows the queue, at every rate; none without qualities."""
    if study.qualities is None:
        return []
    worth, over = level_qualities(study), f"fixed:{study.names[-1]}"
    found = []
    for (policy, rate), runs in cells(study).items():
        if moves(runs[0].policy):
            value, drawn = pooled([quality(jobs(run, study.names), worth) for run in runs])
            above = ranged(value - worth.value[-1], drawn - worth.drawn[:, -1])
            found.append(Margin(policy, rate, over, above))
    return found


def contests(study: Study) -> list[Contest]:
    """Every planned policy against every threshold policy at the rates that both were run at."""
    pairs = _pairs(study, lambda run: _is(run, "planned:"), lambda run: _is(run, "threshold:"))
    return [
        Contest(*_keys(pair), *each, _as_good(study, pair, each[0]))
        for pair, each in _apart(study, pairs)
    ]


def distances(study: Study) -> list[Distance]:
    """Of every other policy that follows the queue, at the rates that the optimum was run at."""
    pairs = _pairs(study, lambda run: moves(run.policy) and not _optimal(run), _optimal)
    return [Distance(*_keys(pair), *each) for pair, each in _apart(study, pairs)]


def _optimal(run: Run) -> bool:
    """By a table that was solved for its rate."""
    return run.policy.folder is not None


def _is(run: Run, kind: str) -> bool:
    return run.policy.notation.startswith(kind)


def _pairs(study: Study, mine: Pick, others: Pick) -> list[Pair]:
    """The runs of each that is picked beside those of each other one at the same rate."""
    found = cells(study).items()
    first, second = ([each for each in found if pick(each[1][0])] for pick in (mine, others))
    return [(a, b) for (one, a) in first for (other, b) in second if one[1] == other[1]]


def _keys(pair: Pair) -> tuple[float, str, str]:
    mine, other = (runs[0] for runs in pair)
    return mine.rate, mine.policy.notation, other.policy.notation


def _apart(study: Study, pairs: Sequence[Pair]) -> Iterator[tuple[Pair, Differences]]:
    """None without qualities."""
    if study.qualities is not None and pairs:
        worth = level_qualities(study)
        yield from ((pair, apart(study, worth, *pair)) for pair in pairs)


def _as_good(study: Study, pair: Pair, above: Estimate) -> bool:
    mine, other = (in_time(study, runs) for runs in pair)
    return above.high >= 0 and (mine or not other)
