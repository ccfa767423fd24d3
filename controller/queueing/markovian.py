"""Queues with Poisson arrivals and exponential service: M/M/1, M/M/k, M/M/k/K, Erlang B and C.

Notation: λ arrivals a second, S = 1/μ mean service time in seconds, k servers, a = λS the offered
load in erlangs, ρ = a/k the utilisation. Sources: L. Kleinrock, Queueing Systems I (1975), chapter
3; A. K. Erlang (1917) for the formulas B and C.
"""

import math
from collections.abc import Callable
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray
from scipy.special import exprel

from controller.queueing.measures import Distribution, Measures
from controller.queueing.phases import uniformised
from controller.queueing.refusal import BadInput, require_count, require_positive, require_stable

MOST_PLACES = 1_000_000
"""Servers, or jobs in a queue with a capacity, for which an answer takes a second or two."""

Floats = NDArray[np.float64]


def erlang_b(load: float, servers: int) -> float:
    """Probability that an arriving job is lost: M/G/k/k, whatever the service distribution.

    B(0) = 1, B(k) = aB(k-1) / (k + aB(k-1)): a recursion without cancellation, any k. Load in
    erlangs, any above 0. Raises BadInput.
    """
    require_positive(load=load)
    require_count(least=0, most=MOST_PLACES, servers=servers)
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = load * blocked / (server + load * blocked)
    return blocked


def erlang_c(load: float, servers: int) -> float:
    """Probability that an arriving job waits in M/M/k: C = B / (1 - ρ(1 - B)).

    Load in erlangs, below the number of servers: raises Unstable otherwise.
    """
    require_count(servers=servers)
    require_stable(load / servers)
    blocked = erlang_b(load, servers)
    return blocked / (1 - load / servers * (1 - blocked))


def mm1(rate: float, service_time: float) -> Measures:
    """M/M/1: E[T] = S/(1 - ρ); T is exponential. Raises Unstable for ρ >= 1, and BadInput."""
    return _many(rate, service_time, 1, "mm1")


def mmk(rate: float, service_time: float, servers: int) -> Measures:
    """M/M/k: one queue before k servers; E[W] = C/(kμ - λ), and P(W > t) = C e^{-(kμ-λ)t}.

    Raises Unstable for ρ >= 1, and BadInput.
    """
    return _many(rate, service_time, servers, "mmk")


def _many(rate: float, service_time: float, servers: int, model: str) -> Measures:
    require_positive(rate=rate, service_time=service_time)
    require_count(servers=servers)
    load = rate * service_time
    require_stable(load / servers, stable_rate=servers / service_time)
    waits = erlang_c(load, servers)
    drain = (servers - load) / service_time
    wait = Distribution(waits / drain, lambda t: waits * math.exp(-drain * t))
    mean = wait.mean + service_time
    response = Distribution(mean, lambda t: after_wait(t, waits, drain, 1 / service_time))
    return Measures(
        model, load / servers, waits, wait.mean, mean, rate * mean, response.percentile(95),
        wait=wait, response=response,
    )  # fmt: skip


def after_wait(seconds: float, waits: float, drain: float, served: float) -> float:
    """P(T > t): with probability `waits` an exponential wait of rate `drain` precedes service,
    which is exponential with rate `served`, both a second.

    Of the two rates the slower is taken out, so that nothing overflows, and where they are equal,
    exprel gives the Erlang distribution that the quotient of differences tends to.
    """
    slow, fast = min(drain, served), max(drain, served)
    between = fast * seconds * math.exp(-slow * seconds) * float(exprel((slow - fast) * seconds))
    both = math.exp(-fast * seconds) + between
    return (1 - waits) * math.exp(-served * seconds) + waits * both


def mmkk(rate: float, service_time: float, servers: int, capacity: int) -> Measures:
    """M/M/k/K: at most `capacity` jobs, waiting and served; those that find as many are lost.

    p_n ∝ a^n/n! up to k, then ρ times the last; any load. An accepted job finds n with probability
    p_n/(1 - p_K) (R. W. Wolff 1982), and waits for n - k + 1 departures at the rate kμ: wait and
    response are exact mixtures of Erlang times. Raises BadInput.
    """
    require_positive(rate=rate, service_time=service_time)
    require_count(most=MOST_PLACES, servers=servers, capacity=capacity)
    if capacity < servers:
        raise BadInput(f"the capacity {capacity} is less than the {servers} servers: it counts all")
    shares = finite_shares(rate * service_time, servers, capacity)
    lost = float(shares[-1])
    found = shares[:-1] / shares[:-1].sum()
    number, accepted = float(np.arange(capacity + 1) @ shares), rate * (1 - lost)
    waiting = float(np.arange(capacity + 1 - servers) @ shares[servers:])
    times = (waiting / accepted, number / accepted)
    wait, response = _finite_times(found, servers / service_time, servers, times)
    return Measures(
        "mmkk", accepted * service_time / servers, float(found[servers:].sum()), *times, number,
        response.percentile(95), lost, wait=wait, response=response,
    )  # fmt: skip


def finite_shares(load: float, servers: int, capacity: int) -> Floats:
    """p_0 … p_K of M/M/k/K, in logarithms, so that no power overflows. Load in erlangs."""
    departures = np.minimum(np.arange(1, capacity + 1), servers)
    logs = np.concatenate([[0.0], np.cumsum(math.log(load) - np.log(departures))])
    weights = np.exp(logs - logs.max())
    return weights / weights.sum()


def _finite_times(
    found: Floats, rate: float, servers: int, means: tuple[float, float]
) -> tuple[Distribution, Distribution]:
    """Wait and response of who finds n jobs with probability found[n]; `rate` is kμ.

    Looked at with the rate kμ, a look finds one job fewer ahead, or, in service, its end with
    probability 1/k: what is left after j looks needs no chain to be followed.
    """
    queued = found[servers:]
    waiting = np.append(np.cumsum(queued[::-1])[::-1], 0.0)
    stays = 1 - 1 / servers
    served = accumulate(
        queued.tolist(),
        lambda left, more: left * stays + more,
        initial=float(found[:servers].sum()),
    )
    both = waiting + np.fromiter(served, float, len(waiting))
    return (
        Distribution(means[0], lambda t: uniformised(rate * t, _left(waiting, 0.0))),
        Distribution(means[1], lambda t: uniformised(rate * t, _left(both, stays))),
    )


def _left(after: Floats, stays: float) -> Callable[[NDArray[np.int64]], Floats]:
    """After j looks; beyond the last entry each look leaves the same share."""
    last = len(after) - 1

    def left(counts: NDArray[np.int64]) -> Floats:
        return after[np.minimum(counts, last)] * stays ** np.maximum(counts - last, 0)

    return left
