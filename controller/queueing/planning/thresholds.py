"""Thresholds, and the tables that they are."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from controller.model import Thresholds
from controller.queueing.refusal import BadInput

Depths = NDArray[np.int64]
"""Shape (candidates, levels - 1)."""


def require_thresholds(found: Thresholds) -> None:
    """Raise BadInput for thresholds that cross, or a climb that would flap."""
    down, up = found
    if len(down) != len(up):
        raise BadInput(f"{len(down)} thresholds and {len(up)} depths to climb at: give as many")
    if any(later <= earlier for earlier, later in pairwise((0, *down))):
        raise BadInput(f"the thresholds {down} cross: they must be positive and increase")
    if any(later < earlier for earlier, later in pairwise((0, *up))):
        raise BadInput(f"the depths {up} to climb at cross: they must not decrease")
    if any(back >= leave for back, leave in zip(up, down, strict=True)):
        raise BadInput(f"climbing at {up} does not lie below the thresholds {down}")


def tables(down: Depths, up: Depths) -> NDArray[np.int64]:
    """What `decide` does by each pair of rows, shape (candidates, levels, depths): down as far as
    is called for, up by one level (switching.tabulate makes the same of a policy)."""
    last = int(down.max(initial=0))
    depth, level = np.arange(last + 1), np.arange(down.shape[1] + 1)[:, None]
    lowest = (depth[:, None] >= down[:, None, :]).sum(axis=2)[:, None, :]
    highest = (depth[:, None] > up[:, None, :]).sum(axis=2)[:, None, :]
    climbing = np.where(highest < level, level - 1, level)
    return np.where(lowest > level, lowest, climbing)


def table(found: Thresholds) -> NDArray[np.int64]:
    """The table of one pair: shape (levels, depths). Raises BadInput where they cross."""
    require_thresholds(found)
    return tables(*(np.array([depths], dtype=np.int64) for depths in found))[0]
