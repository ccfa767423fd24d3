"""Which measured levels are worth a place on the ladder."""

from collections.abc import Iterator, Sequence
from itertools import combinations, pairwise
from typing import NamedTuple

from controller.queueing.refusal import BadInput, require_count
from services.contract.forecast import Pace
from services.contract.jobs import Queue
from services.contract.ladder import Level
from services.contract.profile import BatchLaw, Cost, Interval, Profile


class Candidate(NamedTuple):
    """A measured level: seconds a job alone, its quality (up is better), and how jobs at it slow
    each other in a worker."""

    level: Level
    pace: Pace
    quality: Interval
    law: BatchLaw

    @property
    def name(self) -> str:
        """The level's name."""
        return self.level.name

    @property
    def crowded_seconds(self) -> float:
        """Of a job in a full worker, whose stable rate is the cap over them."""
        return self.pace.seconds * self.law.slowdown(self.law.cap)

    @property
    def crowding(self) -> float | None:
        """Share of its seconds by which each other job lengthens one; None where there is never
        another."""
        return self.law.crowding if self.law.cap > 1 else None


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
    return tuple(
        _candidate(level, cost, profile.law(queue, level.name)) for level, cost in measured
    )


def _candidate(level: Level, cost: Cost, law: BatchLaw) -> Candidate:
    seconds = cost.seconds
    error = (seconds.high - seconds.low) / 2 / 1.96 / seconds.value
    pace = Pace(seconds=seconds.value, scv=cost.scv, error=error, crowding=cost.crowding)
    return Candidate(level, pace, cost.quality or Interval(value=0, low=0, high=0), law)


def frontier(found: Sequence[Candidate]) -> Frontier:
    """The levels for which no other takes less time, alone and in any company, and is as good, or
    as long and is better.

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
    """Of two that are alike in all, the first by name stays. Seconds are linear in how many share a
    worker, so that who takes no longer alone and in a full one takes no longer in any."""
    ours, theirs = _worth(one), _worth(other)
    if ours == theirs:
        return other.name < one.name
    return all(mine <= its for mine, its in zip(ours, theirs, strict=True))


def _worth(one: Candidate) -> tuple[float, float, float]:
    """More is better."""
    return -one.pace.seconds, -one.crowded_seconds, one.quality.value


def _because(one: Candidate, by: Candidate) -> str:
    return (
        f"dominated by {by.name}: {_seconds(one)} for {one.quality.value:.4g}, "
        f"against {_seconds(by)} for {by.quality.value:.4g}"
    )


def _seconds(one: Candidate) -> str:
    alone, together = f"{one.pace.seconds:.4g} s", one.law.cap
    return f"{alone} ({one.crowded_seconds:.4g} s with {together})" if together > 1 else alone


def _remarks(kept: Sequence[Candidate]) -> Iterator[str]:
    for better, cheaper in pairwise(kept):
        if better.quality.low <= cheaper.quality.high:
            yield (
                f"{better.name} costs {better.pace.seconds / cheaper.pace.seconds:.2g} times "
                f"{cheaper.name}, and the intervals of their qualities overlap"
            )


def fastest(found: Sequence[Candidate]) -> Candidate:
    """That of the greatest stable rate."""
    return min(found, key=lambda each: each.crowded_seconds)


def ladders(kept: Sequence[Candidate], most: int) -> list[tuple[Candidate, ...]]:
    """Every choice of up to so many of these levels, in their order."""
    require_count(levels=most)
    sizes = range(1, min(most, len(kept)) + 1)
    return [choice for size in sizes for choice in combinations(kept, size)]
