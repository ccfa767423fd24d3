"""The optimum as a table to run: that of the highest price of quality which keeps a target.

What quality is worth is not known beforehand; it is the Lagrange multiplier of the latency (Beutler
and Ross 1985). The higher the price, the longer the queue that the optimum lets grow. It is raised
until the target binds, and then halved in to.
"""

from collections.abc import Callable, Iterator

import numpy as np

from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.optimum import Prices, optimum
from controller.queueing.switching import Table, shortened

FACTOR = 8.0
CHEAPEST, DEAREST = 1e-4, 1e9
"""In units of `_unit`: beyond, nothing counts but the queue, or nothing but quality."""
CLOSE = 1.005
"""Two prices this near to each other are one."""
TARGETS_DEEP = 3
"""The decision process is cut at so many times the jobs that come within the target."""
MARGIN = 30
MOST_STATES = 12_000

Meets = Callable[[Table], bool]


def priced_tables(
    queue: LevelledQueue, seconds: float, switch: float, meets: Meets
) -> Iterator[Table]:
    """The optima that meet a condition, as the price rises and is halved in; none where none does.

    `switch`: the price of a change of level, as a share of what the best level's lead over the
    last is worth, for a job; a job lost at a capacity costs that whole lead. `seconds`: the target,
    by which the queue is cut. Raises Unstable where the last level cannot serve the load.
    """
    span, cut, unit = float(np.ptp(queue.qualities)), depths(queue, seconds), _unit(queue)
    low, high, price, table = 0.0, np.inf, unit, None
    while low < DEAREST * unit and high > max(CLOSE * low, CHEAPEST * unit):
        prices = Prices(price, switch=switch * span * price, loss=span * price)
        table = optimum(queue, prices, cut, table).table
        run = shortened(_closed(table, queue))
        if meets(run):
            yield run
            low = price
        else:
            high = price
        price = _between(low, high)


def _between(low: float, high: float) -> float:
    if high == np.inf:
        return low * FACTOR
    return float(np.sqrt(low * high)) if low else high / FACTOR


def _closed(table: Table, queue: LevelledQueue) -> Table:
    """With the last level beyond the cut, as the process takes it to be."""
    if queue.capacity is not None and queue.capacity < table.shape[1]:
        return table
    return np.pad(table, ((0, 0), (0, 1)), constant_values=len(table) - 1)


def depths(queue: LevelledQueue, seconds: float) -> int:
    """Where the decision process is cut: several times deeper than jobs in time ever see, or at the
    queue's capacity where that is less, or where the load leaves no choice."""
    deep = TARGETS_DEEP * queue.arrival_rate * seconds + queue.places + MARGIN
    deep = int(min(deep, MOST_STATES / len(queue.paces)))
    if queue.capacity is None:
        return deep
    stable = queue.arrival_rate < queue.stability_limits[-1]
    return min(deep, queue.capacity) if stable else queue.capacity


def _unit(queue: LevelledQueue) -> float:
    """Job-seconds that the best level's lead over the last is worth if a job's own time is all."""
    return float(queue.seconds[0]) / (float(np.ptp(queue.qualities)) or 1.0)
