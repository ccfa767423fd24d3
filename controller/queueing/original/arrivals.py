"""Poisson arrivals, given how many came."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from controller.queueing.simulation.state import Floats


@dataclass(frozen=True)
class Given:
    """One of `runs` independent Poisson runs of `seconds`, given that `total` jobs came in all.

    The counts of the runs are multinomial with equal shares, so that of one run is binomial; given
    its count, its arrivals are that many uniform times in order (Ross 1996, Stochastic Processes,
    theorem 2.3.1). The rate no longer matters.
    """

    total: int
    runs: int
    seconds: float

    @property
    def rate(self) -> float:
        """Jobs a second that came in the mean."""
        return self.total / self.runs / self.seconds

    def first(self, count: int, rng: Generator) -> Floats:
        """The first `count` arrivals; fewer where fewer came."""
        came = rng.binomial(self.total, 1 / self.runs)
        return np.sort(rng.random(came))[:count] * self.seconds
