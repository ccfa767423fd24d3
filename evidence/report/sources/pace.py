"""How fast the machine was during a study, by its closed loops."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.report.sources.played import Played
from evidence.served import Where
from evidence.validation import nearby

LEAST = 8
"""Loops, below which nothing is seen of a machine that changes"""
PAUSE_SECONDS = 1800.0
"""A longer time in which nothing ran is one of a study that was stopped"""
Floats = NDArray[np.float64]
Clock = Callable[[float], float]


@dataclass(frozen=True)
class Mark:
    """A closed loop so many minutes after the first: its mean over what the one law says in the
    same company, the locally weighted mean of these ratios there, and that of the other loops
    alone."""

    minute: float
    level: str
    where: str
    ratio: float
    mean: float
    others: float


@dataclass(frozen=True)
class Pace:
    """All loops in the order of time, and the minutes at which live runs began."""

    marks: tuple[Mark, ...]
    runs: tuple[float, ...]
    paused: bool
    """Whether a pause of the study is shorter here than it was"""

    @property
    def levels(self) -> tuple[str, ...]:
        """That loops were run at."""
        return tuple(dict.fromkeys(mark.level for mark in self.marks))

    @property
    def beside(self) -> bool:
        """Whether some were run beside the live runs."""
        return any(mark.where == Where.REFERENCE for mark in self.marks)

    @property
    def after(self) -> bool:
        """Whether some were run after them."""
        return any(mark.where == Where.RECALIBRATION for mark in self.marks)

    @property
    def nearest(self) -> int:
        """Loops in a mean."""
        return min(nearby.NEAREST, len(self.marks))

    @property
    def fastest(self) -> float:
        """The least of the means."""
        return min(mark.mean for mark in self.marks)

    @property
    def slowest(self) -> float:
        """The greatest of them."""
        return max(mark.mean for mark in self.marks)

    @property
    def scatter(self) -> float:
        """Relative deviations of loops from the mean of the others there: the root of their mean
        square."""
        return float(np.sqrt(np.mean([(mark.ratio / mark.others - 1) ** 2 for mark in self.marks])))

    def of(self, level: str, where: str) -> list[Mark]:
        """Of one level and part of the study."""
        return [mark for mark in self.marks if (mark.level, mark.where) == (level, where)]


def pace(played: Played) -> Pace | None:
    """Of the loops that are placed in time; None for fewer than LEAST."""
    known = [(e.at, e.ratio, e) for e in played.loops if e.at and e.ratio and e.level]
    if len(known) < LEAST:
        return None
    at, ratios, placed = zip(*sorted(known, key=lambda each: each[0]), strict=True)
    clock, paused = _clock([*at, *played.runs], at[0])
    means = zip(smoothed(at, ratios), of_others(at, ratios), strict=True)
    marks = (
        Mark(clock(each.at), each.level, each.where, each.ratio, *map(float, both))
        for each, both in zip(placed, means, strict=True)
    )
    return Pace(tuple(marks), tuple(map(clock, played.runs)), paused)


def smoothed(at: Sequence[float], values: Sequence[float]) -> Floats:
    """At each time the mean, weighted as loops are for a run at that time: shape (times,)."""
    return np.array([np.average(values, weights=nearby.weights(at, each)) for each in at])


def of_others(at: Sequence[float], values: Sequence[float]) -> Floats:
    """The same without the value at that time itself, to which it is compared: shape (times,)."""
    without = ([*at[:i], None, *at[i + 1 :]] for i in range(len(at)))
    weights = (nearby.weights(each, here) for each, here in zip(without, at, strict=True))
    return np.array([np.average(values, weights=each) for each in weights])


def _clock(times: Iterable[float], first: float) -> tuple[Clock, bool]:
    """From unix seconds to minutes since the first loop, in which no pause is longer than
    PAUSE_SECONDS; and whether one was."""
    known = np.unique(list(times))
    gaps = np.diff(known)
    passed = np.concatenate([[0.0], np.cumsum(np.minimum(gaps, PAUSE_SECONDS))]) / 60

    def minute(time: float) -> float:
        here, start = np.interp([time, first], known, passed)
        return float(here - start)

    return minute, bool((gaps > PAUSE_SECONDS).any())
