"""The hyperexponential time of two phases with balanced means, and the queue M/H2/1.

Each phase has its share of the jobs, and both contribute half of the mean: phase i is exponential
with the rate 2·share_i/mean. Valid for scv > 1; at 1 it is exponential.
Source: H. C. Tijms, Stochastic Models: An Algorithmic Approach (1994), appendix B.
"""

import math
from typing import NamedTuple

from controller.queueing.measures import Distribution


class Shares(NamedTuple):
    """Of all jobs, those of the phase with the short times, and those of the one with the long."""

    short: float
    long: float


def shares(scv: float) -> Shares:
    """(1 ± √((scv - 1)/(scv + 1)))/2, the lesser one without cancellation; scv >= 1."""
    root = math.sqrt((scv - 1) / (scv + 1))
    return Shares((1 + root) / 2, 1 / (scv + 1) / (1 + root))


def rates(mean: float, scv: float) -> tuple[float, float]:
    """Of the two phases, a second."""
    short, long = shares(scv)
    return 2 * short / mean, 2 * long / mean


def wait_and_response(load: float, mean: float, scv: float) -> tuple[Distribution, Distribution]:
    """In M/H2/1, exact for every load below 1; `mean` is that of a service, seconds.

    The transforms of Pollaczek and Khinchine have the two poles -θ with
    θ² - θ(μ1 + μ2 - λ) + μ1·μ2·(1 - ρ) = 0, so both times are mixtures of the exponentials with
    these rates (L. Kleinrock, Queueing Systems I, 1975, 5.7), given by their mass and mean.
    """
    short, long = rates(mean, scv)
    both, product = (2 - load) / mean, short * long * (1 - load)
    fast = (both + math.sqrt(both**2 - 4 * product)) / 2
    wait = load * mean * (1 + scv) / (2 * (1 - load))
    poles = (fast, product / fast)
    return _mixture(load, wait, poles), _mixture(1.0, wait + mean, poles)


def _mixture(mass: float, mean: float, poles: tuple[float, float]) -> Distribution:
    """The weights of the two exponentials follow from the probability of any time, and the mean."""
    fast, slow = poles
    late = (mean - mass / fast) / (1 / slow - 1 / fast)
    early = mass - late
    return Distribution(mean, lambda t: early * math.exp(-fast * t) + late * math.exp(-slow * t))
