"""Queues with Poisson arrivals and any service time: M/G/1 exactly, M/G/k in approximation.

Notation: λ arrivals a second, S mean service time in seconds, scv its squared coefficient of
variation (variance over squared mean), k servers, ρ = λS/k.

A mean needs these two moments only. A percentile needs the distribution: it is taken to be
deterministic for scv = 0 (and below 1/200) and otherwise the phase-type time of `phases.fitted`.
"""

import math
from dataclasses import replace
from typing import Literal, get_args

import numpy as np
from scipy import sparse

from controller.queueing import deterministic, hyperexponential, markovian
from controller.queueing.markovian import after_wait
from controller.queueing.measures import Distribution, Measures
from controller.queueing.phases import MOST_PHASES, PhaseType, fitted, followed_by
from controller.queueing.refusal import (
    BadInput,
    require_not_negative,
    require_positive,
    require_stable,
)

Correction = Literal["allen-cunneen", "kimura"]

_HEAVY = 0.995


def mg1(rate: float, service_time: float, scv: float = 1.0) -> Measures:
    """M/G/1: E[W] = ρS(1 + scv) / (2(1 - ρ)), exact (F. Pollaczek 1930, A. Khinchine 1932).

    Percentiles are exact for the service distributions named above: M/D/1 as in `deterministic`,
    scv > 1 as in `hyperexponential`; with other phase-type service the wait is itself phase-type
    (Neuts 1981, chapter 5; S. Asmussen, Applied Probability and Queues, 2003, VIII.5). For
    scv <= 1, above ρ = 0.995 (M/D/1: 0.999) the wait of those who wait is taken to be exponential
    (J. F. C. Kingman 1962). Raises Unstable for ρ >= 1, and BadInput.
    """
    require_positive(rate=rate, service_time=service_time)
    require_not_negative(scv=scv)
    load = rate * service_time
    require_stable(load, stable_rate=1 / service_time)
    mean_wait = load * service_time * (1 + scv) / (2 * (1 - load))
    wait, response = _times(load, service_time, scv, mean_wait)
    return Measures(
        "mg1", load, load, mean_wait, response.mean, rate * response.mean,
        response.percentile(95), wait=wait, response=response,
    )  # fmt: skip


def _times(
    load: float, service_time: float, scv: float, mean_wait: float
) -> tuple[Distribution, Distribution]:
    if scv > 1:
        return hyperexponential.wait_and_response(load, service_time, scv)
    mean, constant = mean_wait + service_time, scv * MOST_PHASES < 1
    if load > (deterministic.HIGHEST_LOAD if constant else _HEAVY):
        wait = _exponential(load, mean_wait).distribution(mean_wait)
        return wait, delayed(wait, service_time)
    if constant:
        wait = deterministic.wait(load, service_time)
        return wait, delayed(wait, service_time)
    service = fitted(service_time, scv)
    waiting = _geometric_sum(load, service, service_time)
    return waiting.distribution(mean_wait), followed_by(waiting, service).distribution(mean)


def _exponential(waits: float, mean: float) -> PhaseType:
    """A wait of this mean, exponential for those who wait at all."""
    rate = waits / mean if mean else 1.0
    return PhaseType(np.array([waits]), sparse.csr_array([[-rate]]))


def _geometric_sum(load: float, service: PhaseType, mean: float) -> PhaseType:
    """The wait in M/PH/1: with probability ρ another residual service time, again and again."""
    residual = sparse.linalg.spsolve(-service.generator.T.tocsc(), service.start) / mean
    residual = np.atleast_1d(residual)
    again = sparse.csr_array(np.outer(service.exits, load * residual))
    return PhaseType(load * residual, (service.generator + again).tocsr())


def delayed(time: Distribution, seconds: float) -> Distribution:
    """Of a time and a constant after it."""
    return Distribution(
        time.mean + seconds, lambda t: 1.0 if t < seconds else time.survival(t - seconds)
    )


def mgk(
    rate: float,
    service_time: float,
    scv: float = 1.0,
    servers: int = 1,
    correction: Correction = "allen-cunneen",
) -> Measures:
    """M/G/k: the mean wait of M/M/k times `wait_ratio`. Exact for scv = 1 and for one server.

    The probability of waiting is that of M/M/k, on which the distribution of service has little
    influence. Percentiles take the wait of those who wait to be exponential, which is true in
    heavy traffic (J. Köllerström 1974). Raises Unstable for ρ >= 1, and BadInput.
    """
    require_not_negative(scv=scv)
    plain = markovian.mmk(rate, service_time, servers)
    if servers == 1:
        return replace(mg1(rate, service_time, scv), model="mgk")
    if scv == 1:
        return replace(plain, model="mgk")
    ratio = wait_ratio(plain.utilisation, scv, servers, correction)
    mean_wait, mean = plain.mean_wait * ratio, plain.mean_wait * ratio + service_time
    waiting = _exponential(plain.probability_of_waiting or 0.0, mean_wait)
    wait, response = waiting.distribution(mean_wait), _after(waiting, service_time, scv, mean)
    return replace(
        plain, model="mgk", mean_wait=mean_wait, mean_response=mean, mean_number=rate * mean,
        p95_response=response.percentile(95), wait=wait, response=response,
    )  # fmt: skip


def _after(wait: PhaseType, service_time: float, scv: float, mean: float) -> Distribution:
    """Of an independent service time after the wait; `mean` is that of both.

    Beside a wait of a hundred services, the variation of one is not seen.
    """
    if scv > 1:
        return _after_either(wait, service_time, scv, mean)
    if scv * MOST_PHASES < 1 or mean > 100 * service_time:
        return delayed(wait.distribution(mean - service_time), service_time)
    return followed_by(wait, fitted(service_time, scv)).distribution(mean)


def _after_either(wait: PhaseType, service_time: float, scv: float, mean: float) -> Distribution:
    """Of hyperexponential service after an exponential wait: a mixture by the phase of service."""
    waits, drain = float(wait.start[0]), float(wait.exits[0])
    shares = hyperexponential.shares(scv)
    phases = tuple(zip(shares, hyperexponential.rates(service_time, scv), strict=True))
    return Distribution(
        mean,
        lambda t: sum(share * after_wait(t, waits, drain, served) for share, served in phases),
    )


def wait_ratio(utilisation: float, scv: float, servers: int, correction: Correction) -> float:
    """Mean wait in M/G/k over that in M/M/k; 1 for scv = 1.

    allen-cunneen  (1 + scv)/2: exact for k = 1 and in heavy traffic; too low for scv < 1 where
                   many servers are moderately loaded (A. O. Allen, Probability, Statistics, and
                   Queueing Theory, 1978; A. M. Lee and P. A. Longton 1959)
    kimura         (1 + scv) / (2 scv + (1 - scv)/d): the harmonic interpolation between M/M/k and
                   M/D/k, whose mean wait is d times that of M/M/k (T. Kimura, Management Science
                   32, 1986). d after G. P. Cosmetatos (1975), bounded for light traffic after
                   W. Whitt (Production and Operations Management 2, 1993)
    """
    if correction not in get_args(Correction):
        known = ", ".join(get_args(Correction))
        raise BadInput(f"no correction {correction!r}: there are {known}")
    if correction == "allen-cunneen":
        return (1 + scv) / 2
    light = (1 - utilisation) * (servers - 1) * (math.sqrt(4 + 5 * servers) - 2)
    constant = (1 + min(0.24, light / (16 * utilisation * servers))) / 2
    return (1 + scv) / (2 * scv + (1 - scv) / constant)
