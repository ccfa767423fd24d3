"""Which measured levels are worth a place on the ladder."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from controller.queueing.refusal import BadInput, require_count
from services.contract.forecast import Pace
from services.contract.jobs import Queue
from services.contract.ladder import Level
from services.contract.profile import Cost, Interval, Profile


class Candidate(NamedTuple):
    """A measured level: seconds a job, and its quality (up is better)."""

    level: Level
    pace: Pace
    quality: Interval

    @property
    def name(self) -> str:
        """The level's name."""
        return self.level.name


class LeftOut(NamedTuple):
    """A level that is not on the ladder, and why."""

    name: str
    reason: str


class Frontier(NamedTuple):
    """The levels that no other dominates, best first, those that one does, and remarks."""

    kept: tuple[Candidate, ...]
    left_out: tuple[LeftOut, ...]
    remarks: tuple[str, ...]


def candidates(profile: Profile, queue: Queue) -> tuple[Candidate, ...]:
    """The levels measured for a queue. Raises BadInput for none, or one without a quality."""
    measured = [(rung.level, rung.costs[queue]) for rung in profile.rungs if queue in rung.costs]
    if not measured:
        raise BadInput(f"the profile has no level measured for {queue}: run worker.study profile")
    unjudged = [level.name for level, cost in measured if cost.quality is None]
    if unjudged:
        raise BadInput(
            f"the profile has no quality for {', '.join(unjudged)} of {queue}: without it no level "
            "is better than another. Measure it: python -m worker.study quality"
        )
    return tuple(_candidate(level, cost) for level, cost in measured)


def _candidate(level: Level, cost: Cost) -> Candidate:
    seconds = cost.seconds
    error = (seconds.high - seconds.low) / 2 / 1.96 / seconds.value
    pace = Pace(seconds=seconds.value, scv=cost.scv, error=error, crowding=cost.crowding)
    return Candidate(level, pace, cost.quality or Interval(value=0, low=0, high=0))


def frontier(found: Sequence[Candidate]) -> Frontier:
    """The levels for which no other takes less time and is as good, or as long and is better.

    A level that costs more than another while their quality intervals overlap is kept, but named:
    whether it is better at all was not settled by the measurement.
    """
    dominated = {each.name: by for each in found if (by := _dominator(each, found)) is not None}
    kept = sorted((c for c in found if c.name not in dominated), key=lambda c: -c.quality.value)
    left_out = [LeftOut(c.name, _because(c, by)) for c in found if (by := dominated.get(c.name))]
    return Frontier(tuple(kept), tuple(left_out), tuple(_remarks(kept)))


def _dominator(one: Candidate, others: Sequence[Candidate]) -> Candidate | None:
    """The best of those that leave no reason to use this one."""
    over = [other for other in others if other is not one and _dominates(other, one)]
    return max(over, key=lambda other: (other.quality.value, -other.pace.seconds), default=None)


def _dominates(other: Candidate, one: Candidate) -> bool:
    """Of two that are alike in both, the first by name stays."""
    ours = (-one.pace.seconds, one.quality.value)
    theirs = (-other.pace.seconds, other.quality.value)
    if ours == theirs:
        return other.name < one.name
    return theirs[0] >= ours[0] and theirs[1] >= ours[1]


def _because(one: Candidate, by: Candidate) -> str:
    return (
        f"dominated by {by.name}: {one.pace.seconds:.4g} s for {one.quality.value:.4g}, "
        f"against {by.pace.seconds:.4g} s for {by.quality.value:.4g}"
    )


def _remarks(kept: Sequence[Candidate]) -> Iterator[str]:
    for better, cheaper in pairwise(kept):
        if better.quality.low <= cheaper.quality.high:
            yield (
                f"{better.name} costs {better.pace.seconds / cheaper.pace.seconds:.2g} times "
                f"{cheaper.name}, and the intervals of their qualities overlap"
            )


def ladders(kept: Sequence[Candidate], most: int) -> list[tuple[Candidate, ...]]:
    """Every choice of up to so many of these levels, in their order."""
    require_count(levels=most)
    sizes = range(1, min(most, len(kept)) + 1)
    return [choice for size in sizes for choice in combinations(kept, size)]
