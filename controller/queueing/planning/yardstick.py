"""How far thresholds are from the optimum, and the optimum itself as a table to run.

What the quality is worth is not known beforehand; it is the Lagrange multiplier of the latency.
For any price β, a policy with as many jobs in the system on average has no more quality than
(L - g(β))/(βλ), where g(β) is the least average cost of the decision process; the least of these
bounds is attained, by chance between two policies if need be (Beutler and Ross 1985; Altman 1999,
Constrained Markov Decision Processes, chapter 12).
"""

from collections.abc import Callable
from functools import lru_cache

import numpy as np

from controller.queueing.levels import hysteresis
from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.optimum import Prices, optimum
from controller.queueing.planning.screening import SWITCH_PRICE, Screen
from controller.queueing.switching import Table

MOST_STATES = 900
HALVINGS = 16
CHEAPEST, DEAREST = 1e-2, 1e4
"""Prices of quality between which the multiplier is sought, in units of `_unit`."""


def quality_bound(queue: LevelledQueue, measures: LevelMeasures) -> float:
    """The best effective quality at the same mean response, by any policy that knows depth and
    level: never below that of `measures`, which is of the chain of levels.hysteresis."""
    served = queue.arrival_rate * (1 - measures.loss_probability)
    low, high = CHEAPEST * _unit(queue), DEAREST * _unit(queue)
    best = max(queue.qualities)
    for _ in range(HALVINGS):
        price = float(np.sqrt(low * high))
        found = optimum(queue, Prices(price), depths(queue))
        best = min(best, (measures.mean_number - found.cost) / (price * served))
        number = hysteresis.measure(queue, found.table).mean_number
        low, high = (price, high) if number < measures.mean_number else (low, price)
    return max(best, measures.effective_quality)


def optimal_table(screen: Screen) -> Table:
    """The optimum with the best quality that meets the screen's target; the last level at every
    depth where none does. A switch costs what the screen takes it for."""
    return dearest(screen.queue, lambda table: bool(screen.judge(table[None]).margin[0] >= 0))


def dearest(queue: LevelledQueue, meets: Callable[[Table], bool]) -> Table:
    """The optimum for the highest price of quality at which its table still meets a condition."""
    low, high = CHEAPEST * _unit(queue), DEAREST * _unit(queue)
    best = np.full((len(queue.paces), 1), len(queue.paces) - 1)
    for _ in range(HALVINGS):
        price = float(np.sqrt(low * high))
        table = _priced(queue, price)
        if meets(table):
            best, low = table, price
        else:
            high = price
    return best


def shortened(table: Table) -> Table:
    """The same table without the columns that repeat the last one."""
    differs = (table != table[:, -1:]).any(axis=0)
    return table[:, : int(np.max(np.nonzero(differs)[0], initial=-1)) + 2]


def depths(queue: LevelledQueue) -> int:
    """Where the decision process is cut: hardly ever reached at the last level, 900 states at most,
    or at the queue's capacity."""
    if queue.capacity is not None:
        return queue.capacity
    load = queue.arrival_rate / queue.stability_limits[-1]
    rare = np.log(1e-8) / np.log(load) if 0 < load < 1 else 0.0
    return int(min(queue.places + 30 + rare, MOST_STATES / len(queue.paces)))


@lru_cache(maxsize=256)
def _priced(queue: LevelledQueue, price: float) -> Table:
    span = max(queue.qualities) - min(queue.qualities)
    prices = Prices(price, switch=SWITCH_PRICE * span * price)
    return shortened(optimum(queue, prices, depths(queue)).table)


def _unit(queue: LevelledQueue) -> float:
    """Job-seconds that the best level's lead over the last is worth if a job's own time is all."""
    span = max(queue.qualities) - min(queue.qualities)
    return float(queue.seconds[0]) / (span or 1.0)
