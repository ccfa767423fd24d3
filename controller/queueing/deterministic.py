"""The wait in M/D/1, where every service takes the same time."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from controller.queueing.departures import arrivals_at_least, left_behind
from controller.queueing.measures import Distribution

HIGHEST_LOAD = 0.999
"""Above, the table of probabilities would be too long."""


def wait(load: float, service_time: float) -> Distribution:
    """Exact: P(W <= t) = Σ_j Q(m-1-j) Poisson(j; λ(mD - t)) for (m-1)D <= t < mD, where Q(n) is
    the probability that at most n jobs wait. All terms are positive, unlike in Erlang's formula.

    D = `service_time` in seconds, load ρ = λD <= HIGHEST_LOAD. Source: G. J. Franx, A simple
    solution for the M/D/c waiting time distribution, Operations Research Letters 29 (2001).
    """
    waiting = _at_most_waiting(load)

    def survival(seconds: float) -> float:
        services = int(seconds / service_time) + 1
        counts = np.arange(services)
        begun = waiting[np.minimum(counts, len(waiting) - 1)][::-1]
        arrivals = load * (services - seconds / service_time)
        return float(1 - stats.poisson.pmf(counts, arrivals) @ begun)

    return Distribution(load * service_time / (2 * (1 - load)), survival)


def _at_most_waiting(load: float) -> NDArray[np.float64]:
    """Q(0), Q(1), … until it is 1 within rounding: P(more than n) falls as e^{-2(1-ρ)n} or faster.

    What a departure leaves behind is what there is at any time; one of it is in service.
    """
    count = int(20 / (1 - load)) + 50
    weights = left_behind(arrivals_at_least(load, 0.0, count), count)
    return np.cumsum((1 - load) * weights)[1:]
