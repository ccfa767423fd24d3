"""The best thresholds by the analytic model: a coarse grid, then steps to better neighbours."""

from collections.abc import Callable, Iterator
from itertools import combinations, product

import numpy as np

from controller.model import Thresholds
from controller.queueing.planning.screening import Judgement, Screen
from controller.queueing.planning.thresholds import Depths, tables

GRID = {2: 60, 3: 20, 4: 13, 5: 11}
"""Depths on the coarse grid, by levels."""
ALONE = (-8, -4, -2, -1, 1, 2, 4, 8)
TOGETHER = tuple(
    (one, other)
    for one, other in product((-3, -2, -1, 1, 2, 3), repeat=2)
    if one * other < 0 or one == other
)
"""By how many jobs one depth is moved, or two at once: at the limit of the target one threshold
can rise only where another falls."""
MOST_PAIRED = 8
"""Depths of a ladder up to which pairs are moved: their number grows with the square."""
MOST_DEPTH = 200
MOST_STEPS = 30


def search(screen: Screen, start: Thresholds | None = None) -> Thresholds:
    """The thresholds with the best score that meet the target, or those nearest to it; by steps
    from `start`, where it is given, no deeper than is worth a threshold, and steps meet the target.
    """
    levels = len(screen.queue.paces)
    if levels == 1:
        return Thresholds((), ())
    last = deepest(screen)
    if start is not None and start.thresholds[-1] <= last:
        near = _stepped(screen, np.array([*start.thresholds, *start.climb]), last)
        if judge(screen, near[None]).margin[0] >= 0:
            return thresholds(near)
    return thresholds(_stepped(screen, _best(screen, _coarse(levels, last)), last))


def _stepped(screen: Screen, row: Depths, last: int) -> Depths:
    """From a row to better neighbours, until there is none."""
    for _ in range(MOST_STEPS):
        better = _best(screen, _around(row, last))
        if (better == row).all():
            break
        row = better
    return row


def deepest(screen: Screen) -> int:
    """The greatest depth worth a threshold: there a job at the last level takes 1.25 × the target.

    Beyond it every job is late whatever is decided.
    """
    queue = screen.queue
    late = screen.given(MOST_DEPTH).mean[:, -1] > 1.25 * screen.slo.seconds
    deepest = int(late.argmax()) if late.any() else MOST_DEPTH
    return max(min(deepest, queue.capacity or MOST_DEPTH), len(queue.paces) + 1)


def thresholds(row: Depths) -> Thresholds:
    """A row (down, …, up, …) as thresholds."""
    half = len(row) // 2
    return Thresholds(tuple(row[:half].tolist()), tuple(row[half:].tolist()))


def judge(screen: Screen, rows: Depths) -> Judgement:
    """What the model says of each row (down, …, up, …)."""
    half = rows.shape[1] // 2
    return screen.judge(tables(rows[:, :half], rows[:, half:]))


def _best(screen: Screen, rows: Depths) -> Depths:
    return rows[judge(screen, rows).best]


def _coarse(levels: int, last: int) -> Depths:
    count = GRID.get(levels, levels + 4)
    spread = np.arange(1, last + 1) if last <= count else np.geomspace(1, last, count)
    grid = np.unique(spread.round().astype(np.int64))
    down = np.array(list(combinations(grid.tolist(), levels - 1)))
    return np.unique(np.concatenate([_with_climb(down, gap) for gap in _GAPS]), axis=0)


_GAPS: tuple[Callable[[Depths], Depths], ...] = (lambda down: down - 1, lambda down: down * 3 // 4)


def _with_climb(down: Depths, climb: Callable[[Depths], Depths]) -> Depths:
    return np.concatenate([down, np.minimum(climb(down), down - 1)], axis=1)


def _around(row: Depths, last: int) -> Depths:
    rows = np.unique(np.array([row, *_moved(row)]), axis=0)
    half = len(row) // 2
    down, up = rows[:, :half], rows[:, half:]
    rising = (np.diff(down, axis=1, prepend=0) > 0).all(axis=1)
    regained = (np.diff(up, axis=1, prepend=0) >= 0).all(axis=1)
    fitting = rising & regained & (up < down).all(axis=1) & (down <= last).all(axis=1)
    return rows[fitting]


def _moved(row: Depths) -> Iterator[Depths]:
    unit, half = np.eye(len(row), dtype=np.int64), len(row) // 2
    # Depths to climb at are often equal, and one alone cannot pass the next.
    climbs = np.arange(len(row)) // half
    for each in (*unit, climbs):
        yield from (row + step * each for step in ALONE)
    if len(row) > MOST_PAIRED:
        return
    for one, other in (*combinations(unit, 2), *((down, climbs) for down in unit[:half])):
        yield from (row + step * one + with_it * other for step, with_it in TOGETHER)
