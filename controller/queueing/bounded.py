"""Queues of general service with room for `capacity` jobs, waiting and served: M/G/1/K, M/G/k/K.

A job that finds no room is lost. Notation as in `general`; any load.
"""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from controller.queueing import markovian
from controller.queueing.departures import arrivals_at_least, left_behind
from controller.queueing.general import Correction, wait_ratio
from controller.queueing.measures import Measures
from controller.queueing.refusal import (
    BadInput,
    require_count,
    require_not_negative,
    require_positive,
)

MOST_CAPACITY = 50_000
"""For which the chain at departures takes a few seconds: the time rises with its square."""

_ROUNDING = 1e-14


def mg1k(rate: float, service_time: float, scv: float, capacity: int) -> Measures:
    """M/G/1/K, exact for the service distributions that `general` names.

    With d_n the probability that a departure leaves n behind, n < K: p_n = d_n / (d_0 + ρ), and
    what is missing to 1 is the loss (J. Keilson 1965; Cooper 1981, 5.9). Raises BadInput.
    """
    require_positive(rate=rate, service_time=service_time)
    require_not_negative(scv=scv)
    require_count(most=MOST_CAPACITY, capacity=capacity)
    load = rate * service_time
    weights = left_behind(arrivals_at_least(load, scv, capacity), capacity)
    behind = weights / weights.sum()
    lost = behind[0] + load - 1
    shares = np.append(behind, lost if lost > _ROUNDING else 0.0) / (behind[0] + load)
    return _measures("mg1", shares, (rate, service_time), 1)


def mgkk(
    rate: float,
    service_time: float,
    scv: float,
    servers: int,
    capacity: int,
    correction: Correction = "allen-cunneen",
) -> Measures:
    """M/G/k/K in approximation; exact for scv = 1, for K = k (Erlang B), and taken as exact k = 1.

    Below K the probabilities are taken to be in the proportions of the unlimited queue (exact for
    k = 1 and for exponential service), whose number waiting is taken to be geometric with the
    mean that the corrected M/G/k has: ratio ζ = ρR/(1 - ρ + ρR), R = `wait_ratio`. The probability
    of K makes what enters equal what is served. Sources: H. C. Tijms, Stochastic Models (1994),
    4.6; T. Kimura, Journal of Applied Probability 33 (1996). Raises BadInput.
    """
    require_not_negative(scv=scv)
    plain = markovian.mmkk(rate, service_time, servers, capacity)
    if scv == 1:
        return replace(plain, model="mgk")
    if servers == 1:
        return replace(mg1k(rate, service_time, scv, capacity), model="mgk")
    load = rate * service_time
    ratio = wait_ratio(min(1.0, load / servers), scv, servers, correction)
    shares = _geometric(load, servers, capacity, ratio)
    return _measures("mgk", shares, (rate, service_time), servers)


def _geometric(load: float, servers: int, capacity: int, ratio: float) -> NDArray[np.float64]:
    used = load / servers
    spread = 1 - used + used * ratio
    if spread <= used * ratio * 1e-3:
        raise BadInput(
            f"the load is {used:.3g} of what {servers} servers can do: so far above 1 the "
            "approximation for general service does not reach. Simulate it, or take --scv 1."
        )
    full = markovian.finite_shares(load, servers, servers)
    queued = full[-1] / spread * (used * ratio / spread) ** np.arange(capacity - servers)
    below = np.concatenate([full[:-1], queued])
    busy = np.minimum(np.arange(capacity), servers) @ below
    last = max(0.0, (load * below.sum() - busy) / servers)
    shares = np.append(below, last)
    return shares / shares.sum()


def _measures(
    model: str, shares: NDArray[np.float64], traffic: tuple[float, float], servers: int
) -> Measures:
    """From p_0 … p_K, by Little's law over the accepted jobs."""
    rate, service_time = traffic
    lost = float(shares[-1])
    accepted = rate * (1 - lost)
    mean_wait = float(np.arange(len(shares) - servers) @ shares[servers:]) / accepted
    mean = mean_wait + service_time
    return Measures(
        model, accepted * service_time / servers, float(shares[servers:-1].sum()) / (1 - lost),
        mean_wait, mean, accepted * mean, loss_probability=lost,
    )  # fmt: skip
