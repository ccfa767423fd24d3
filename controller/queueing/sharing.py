"""The batching engine's steady state: processor sharing limited to a cap, first come first served
beyond it.

Let p_n be the probability of n jobs, ρ = λ/(kφ(c)) and φ as in `engine`. From kc jobs on all
places are taken, so jobs wait with probability F = Σ p_n (n >= kc), and E[W] = F / (kφ(c) - λ).
"""

import math
from dataclasses import replace

import numpy as np

from controller.queueing.engine import NO_LIMIT, Engine
from controller.queueing.measures import Distribution, Measures
from controller.queueing.occupancy import Occupancy, occupied
from controller.queueing.phases import PhaseType
from controller.queueing.refusal import (
    BadInput,
    require_count,
    require_not_negative,
    require_positive,
    require_stable,
)
from controller.queueing.tagged import followed

MOST_PLACES = 10_000_000
"""For which the probabilities of so many jobs are found in a second or two."""

_NEGLIGIBLE = 1e-9


def ps(rate: float, engine: Engine, scv: float = 1.0) -> Measures:
    """`rate` arrivals a second, `scv` of the work. `utilisation` is ρ.

    One worker without a cap: p_n ∝ λ^n / (φ(1)…φ(n)) whatever the distribution of the work, so
    every mean is exact (J. W. Cohen 1979; F. P. Kelly, Reversibility and Stochastic Networks,
    1979). With a cap the same is exact for exponential work. For other work the time in
    service stays as it is, and the wait is multiplied by (1 + scv)/2: B. Avi-Itzhak and S. Halfin
    (1988) for a constant speed; exact for c = k = 1, and in heavy traffic also for a speed that
    depends on the state (V. Gupta and J. Zhang 2014). Against simulation the mean response is
    within 1 % for scv <= 1 and 4 % for scv = 4 (docs/queueing.md). Several workers: `occupancy`.

    Percentiles are for exponential work alone, see `tagged`. Raises Unstable for ρ >= 1, and
    BadInput.
    """
    require_positive(rate=rate, work=engine.work)
    require_count(workers=engine.workers)
    require_not_negative(scv=scv)
    load = rate / engine.stable_rate
    require_stable(load, engine.stable_rate, _remedy(engine))
    _require_solvable(engine)
    found, drain = occupied(rate, engine), engine.stable_rate - rate
    if engine.unlimited:
        return _unlimited(rate, engine, found, scv)
    served = float(np.arange(len(found.shares)) @ found.shares) + found.full * engine.places
    mean_wait = found.full / drain * (1 + scv) / 2
    mean = served / rate + mean_wait
    measures = Measures("ps", load, found.full, mean_wait, mean, rate * mean)
    return _with_times(measures, drain, followed(rate, engine, found)) if scv == 1 else measures


def _remedy(engine: Engine) -> str:
    if engine.unlimited:
        return "shorten the service time, or add workers"
    return "shorten the service time, add workers, or let more jobs advance together"


def _require_solvable(engine: Engine) -> None:
    if engine.places > MOST_PLACES:
        raise BadInput(
            f"{engine.workers} workers with {engine.law.cap} places each are more than "
            f"{MOST_PLACES} places: give a smaller cap"
        )


def _unlimited(rate: float, engine: Engine, found: Occupancy, scv: float) -> Measures:
    """Nobody waits. In one worker the number is negative binomial, p_n = (1-ρ)^(a+1) ρ^n C(n+a, n)
    with a = τ0/τ1, or Poisson for τ1 = 0, so that E[T] = S/(1-ρ) in both cases."""
    load = rate / engine.stable_rate
    reached = found.full > _NEGLIGIBLE
    if engine.workers > 1 and reached:
        raise BadInput(
            f"the arrival rate is so near its limit, {engine.stable_rate:.6g} a second, that a "
            f"worker may hold more than {NO_LIMIT} jobs: lower it, or give a cap"
        )
    served = float(np.arange(len(found.shares)) @ found.shares)
    mean = engine.work / (1 - load) if engine.workers == 1 else served / rate
    measures = Measures("ps", load, 0.0, 0.0, mean, rate * mean)
    followable = scv == 1 and not reached
    return _with_times(measures, 0.0, followed(rate, engine, found) if followable else None)


def _with_times(measures: Measures, drain: float, response: PhaseType | None) -> Measures:
    waits = measures.probability_of_waiting or 0.0
    wait = Distribution(measures.mean_wait, lambda t: waits * math.exp(-drain * t))
    if response is None:
        return replace(measures, wait=wait)
    time = response.distribution(measures.mean_response)
    return replace(measures, wait=wait, response=time, p95_response=time.percentile(95))
