"""Whether the level was the one that the rules call for by the measured depth. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from controller.queueing.switching import Table
from evidence.validation.figures import AsJson, Jobs
from evidence.validation.intervals import Floats

Changes = Sequence[tuple[float, int]]
"""(seconds from the run's start, level), in order."""


@dataclass(frozen=True)
class Obeyed(AsJson):
    """What a table, a clock and a dwell would have done, beside what was done: the share of the
    time in which the level was another, and the changes of both."""

    apart: float
    changes: int
    called_for: int


def obeyed(found: Jobs, changes: Changes, table: Table, *, period: float, dwell: float) -> Obeyed:
    """`changes` are what was in force; the first of them holds from before the run."""
    begin, end = found.window
    ticks = np.arange(begin, end, period)
    depth = outstanding(found, ticks)
    first = level_at(changes, np.array([begin]))[0]
    called = replayed(depth, table, int(first), dwell=dwell, period=period)
    held = level_at(changes, ticks)
    inside = [at for at, _ in changes if begin < at <= end]
    return Obeyed(
        apart=float(np.mean(called != held)) if len(ticks) else 0.0,
        changes=len(inside),
        called_for=int(np.count_nonzero(np.diff(called))),
    )


def outstanding(found: Jobs, times: Floats) -> np.ndarray:
    """How many requests were outstanding at each time."""
    came = np.searchsorted(np.sort(found.due), times, side="right")
    return came - np.searchsorted(np.sort(found.outstanding_until), times, side="right")


def level_at(changes: Changes, times: Floats) -> np.ndarray:
    """The level in force at each time; before the first change, that one's."""
    at, levels = np.array([each[0] for each in changes]), np.array([each[1] for each in changes])
    return levels[np.maximum(0, np.searchsorted(at, times, side="right") - 1)]


def replayed(
    depths: np.ndarray, table: Table, level: int, *, dwell: float, period: float
) -> np.ndarray:
    """The level after each tick, if each finds such a depth; no two changes within the dwell."""
    found, since = np.empty(len(depths), np.int64), -np.inf
    for tick, depth in enumerate(depths):
        wanted = int(table[level, min(int(depth), table.shape[1] - 1)])
        if wanted != level and tick * period - since >= dwell:
            level, since = wanted, tick * period
        found[tick] = level
    return found
