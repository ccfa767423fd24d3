"""Arrival and service rates that depend on the number outstanding: a birth–death process.

In the steady state the flow up from n equals the flow down from n + 1, so that
p(n + 1) = p(n)·λ(n)/μ(n + 1) (Kleinrock 1975, Queueing Systems I, section 3.1). Exact for Poisson
arrivals and exponential service; exact in the mean for any service where all jobs share the
server (insensitivity, Kelly 1979), and an approximation elsewhere.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from controller.queueing.levels.hysteresis import measure
from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue, checked
from controller.queueing.refusal import BadInput, Unstable, require_not_negative

Rate = Callable[[int], float]
"""Events a second while n jobs are outstanding."""

NEGLIGIBLE = 1e-12
MOST_DEPTH = 100_000


def distribution(arrival: Rate, service: Rate, capacity: int | None = None) -> NDArray[np.float64]:
    """p(n), n = 0, 1, …: up to the capacity, or to where less than 1e-12 is left.

    Raises Unstable where the series does not converge by n = 100,000, BadInput for negative rates.
    """
    logs = [0.0]
    peak, depth = 0.0, 0
    while depth != capacity:
        step = _log_ratio(arrival(depth), service(depth + 1))
        if step == -np.inf:
            break
        logs.append(logs[-1] + step)
        peak, depth = max(peak, logs[-1]), depth + 1
        if capacity is None and _left(logs[-1], step) < peak + np.log(NEGLIGIBLE):
            break
        if depth >= MOST_DEPTH:
            raise Unstable(float(np.exp(step)))
    weights = np.exp(np.array(logs) - peak)
    return weights / weights.sum()


def _log_ratio(arrival: float, service: float) -> float:
    require_not_negative(arrival=arrival, service=service)
    if arrival == 0:
        return -np.inf
    if service == 0:
        raise BadInput("jobs arrive where the service rate is 0: nobody would ever leave")
    return float(np.log(arrival / service))


def _left(log_weight: float, step: float) -> float:
    """Logarithm of the sum of what follows, were the ratio to stay as it is."""
    return np.inf if step >= 0 else log_weight + step - float(np.log(-np.expm1(step)))


def by_depth(queue: LevelledQueue, levels: tuple[int, ...]) -> LevelMeasures:
    """Of a queue whose level is `levels[n]` while n jobs are outstanding, and that of the last
    entry for more: the level follows the depth at once, without hysteresis.

    Raises Unstable for ρ ≥ 1 at the last level, BadInput for unknown levels.
    """
    rows = np.tile(np.array(levels), (len(queue.paces), 1))
    return measure(queue, checked(rows, len(queue.paces)))
