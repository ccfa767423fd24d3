"""How fast the machine was during a study, by its closed loops."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.report.records import BadStudy
from evidence.report.sources import sweeps
from evidence.report.sources.near import Placed
from evidence.report.study import Study
from evidence.served import Where
from evidence.validation import nearby
from loadgen import began
from loadgen.record import BadRecord, read

LEAST = 8
"""Loops, below which nothing is seen of a machine that changes"""
PAUSE_SECONDS = 1800.0
"""A longer time in which nothing ran is one of a study that was stopped"""
Floats = NDArray[np.float64]
Span = tuple[float, float]
Clock = Callable[[float], float]


@dataclass(frozen=True)
class Mark:
    """A closed loop so many minutes after the first: its mean over what the one law says in the
    same company, and the locally weighted mean of these ratios there."""

    minute: float
    level: str
    where: str
    ratio: float
    mean: float


@dataclass(frozen=True)
class Pace:
    """All loops in the order of time, and from which to which minute each live run lasted."""

    marks: tuple[Mark, ...]
    runs: tuple[Span, ...]
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
        """Relative deviations of loops from the mean there: the root of their mean square."""
        return float(np.sqrt(np.mean([(mark.ratio / mark.mean - 1) ** 2 for mark in self.marks])))

    def of(self, level: str, where: str) -> list[Mark]:
        """Of one level and part of the study."""
        return [mark for mark in self.marks if (mark.level, mark.where) == (level, where)]


def pace(study: Study, loops: Sequence[Placed]) -> Pace | None:
    """Of the loops that are placed in time; None for fewer than LEAST. Raises BadStudy."""
    known = [(e.at, e.ratio, e) for e in loops if e.at and e.ratio and e.level]
    if len(known) < LEAST:
        return None
    at, ratios, placed = zip(*sorted(known, key=lambda each: each[0]), strict=True)
    spans = list(_spans(study))
    clock, paused = _clock([*at, *(end for span in spans for end in span)], at[0])
    means = smoothed(at, ratios)
    marks = (
        Mark(clock(each.at), each.level, each.where, each.ratio, float(mean))
        for each, mean in zip(placed, means, strict=True)
    )
    runs = ((clock(begin), clock(end)) for begin, end in spans)
    return Pace(tuple(marks), tuple(runs), paused)


def smoothed(at: Sequence[float], values: Sequence[float]) -> Floats:
    """At each time the mean, weighted as loops are for a run at that time: shape (times,)."""
    return np.array([np.average(values, weights=nearby.weights(at, each)) for each in at])


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


def _spans(study: Study) -> Iterator[Span]:
    """When each live run began and ended, unix seconds, where that is known; validation names the
    others among what it skipped."""
    for run in sweeps.runs(study.folder / "live"):
        try:
            start = began.of_run(run.path)
        except BadRecord:
            continue
        if start is not None:
            yield start, start + _length(run)


def _length(run: sweeps.SweepRun) -> float:
    """Seconds until the last request was answered, or due."""
    try:
        found = read(run.path)
    except (BadRecord, OSError) as error:
        raise BadStudy(str(error)) from error
    return max((e.due if e.finished is None else e.finished for e in found), default=0.0)
