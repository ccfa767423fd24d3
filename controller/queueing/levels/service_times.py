"""Service time distributions, by what the embedded chain asks: how many arrive during one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from controller.queueing.departures import arrivals_at_least
from controller.queueing.refusal import require_not_negative, require_positive
from services.contract.forecast import Pace


class ServiceTime(Protocol):
    """A distribution of service times, seconds."""

    @property
    def mean(self) -> float:
        """Seconds."""

    def arrivals(self, rate: float, most: int) -> NDArray[np.float64]:
        """Probability of 0, 1, … most Poisson arrivals of this rate during one service."""


@dataclass(frozen=True)
class Gamma:
    """Gamma with this mean and squared coefficient of variation; scv 0 is deterministic.

    Arrivals during one are negative binomial, or Poisson (Tijms 2003, A First Course in
    Stochastic Models, section 4.2).
    """

    mean: float
    scv: float = 0.0

    def __post_init__(self) -> None:
        require_positive(mean=self.mean)
        require_not_negative(scv=self.scv)

    def arrivals(self, rate: float, most: int) -> NDArray[np.float64]:
        """Probability of 0, 1, … most Poisson arrivals of this rate during one service."""
        counts, load = np.arange(most + 1), rate * self.mean
        if self.scv == 0 or load == 0:
            return stats.poisson.pmf(counts, load)
        return stats.nbinom.pmf(counts, 1 / self.scv, 1 / (1 + load * self.scv))


@dataclass(frozen=True)
class Fitted:
    """The phase-type time with these two moments (controller.queueing.phases.fitted): exponential
    for scv 1, hyperexponential above, a mixture of Erlang times below."""

    mean: float
    scv: float = 1.0

    def __post_init__(self) -> None:
        require_positive(mean=self.mean)
        require_not_negative(scv=self.scv)

    def arrivals(self, rate: float, most: int) -> NDArray[np.float64]:
        """Probability of 0, 1, … most Poisson arrivals of this rate during one service."""
        return -np.diff(arrivals_at_least(rate * self.mean, self.scv, most + 1))


def of_paces(paces: Sequence[Pace]) -> tuple[ServiceTime, ...]:
    """Gamma times with the means and variations of these paces."""
    return tuple(Gamma(pace.seconds, pace.scv) for pace in paces)
