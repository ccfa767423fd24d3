"""Service time distributions, by what the embedded chain asks: how many arrive during one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from controller.queueing.refusal import BadInput, require_not_negative, require_positive
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
class PhaseType:
    """The time until a Markov chain on a few phases ends (Neuts 1981, chapter 2).

    `start[i]`: probability to begin in phase i; `rates[i][j]`: the subgenerator, per second, whose
    rows sum to minus the rate at which the chain ends.
    """

    start: tuple[float, ...]
    rates: tuple[tuple[float, ...], ...]

    def __post_init__(self) -> None:
        start, rates = np.array(self.start), np.array(self.rates)
        if rates.shape != (len(start), len(start)) or abs(start.sum() - 1) > 1e-9:
            raise BadInput("a phase-type time has probabilities that sum to 1, and a square matrix")
        if (rates.sum(axis=1) > 1e-9).any() or (start < 0).any() or (np.diag(rates) >= 0).any():
            raise BadInput("rows of a phase-type time's rates must not sum to more than 0")

    @property
    def mean(self) -> float:
        """Seconds."""
        return float(-np.array(self.start) @ np.linalg.solve(self.rates, np.ones(len(self.start))))

    def arrivals(self, rate: float, most: int) -> NDArray[np.float64]:
        """Probability of 0, 1, … most Poisson arrivals of this rate during one service."""
        rates = np.array(self.rates)
        leave = np.linalg.inv(rate * np.eye(len(rates)) - rates)
        ended, state = leave @ -rates.sum(axis=1), np.array(self.start)
        found = []
        for _ in range(most + 1):
            found.append(float(state @ ended))
            state = rate * state @ leave
        return np.array(found)


def exponential(mean: float) -> PhaseType:
    """Exponential with this mean."""
    require_positive(mean=mean)
    return PhaseType((1.0,), ((-1 / mean,),))


def hyperexponential(mean: float, scv: float) -> PhaseType:
    """Two exponentials with balanced means and scv > 1 (Tijms 2003, appendix B)."""
    require_positive(mean=mean)
    if scv <= 1:
        raise BadInput(f"scv is {scv:g}: a hyperexponential time has more than 1")
    share = (1 + np.sqrt((scv - 1) / (scv + 1))) / 2
    fast, slow = 2 * share / mean, 2 * (1 - share) / mean
    return PhaseType((share, 1 - share), ((-fast, 0.0), (0.0, -slow)))


def of_paces(paces: Sequence[Pace]) -> tuple[ServiceTime, ...]:
    """Gamma times with the means and variations of these paces."""
    return tuple(Gamma(pace.seconds, pace.scv) for pace in paces)
