"""How much work a job is: seconds alone in a worker, from one uniform number u of the job's own.

Levels take the same u, so a job that is long at one level is long at all (common random numbers).
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Protocol

import numpy as np
from scipy import special

from controller.queueing.hyperexponential import shares
from controller.queueing.refusal import BadInput, require_not_negative, require_positive
from controller.queueing.simulation.state import Floats

_BELOW_ONE = float(np.nextafter(1.0, 0.0))
"""The largest uniform number, whatever rounding has made of it."""


class Service(Protocol):
    """A distribution of work: its mean in seconds, its squared coefficient of variation."""

    @property
    def mean(self) -> float: ...

    @property
    def scv(self) -> float: ...

    def of(self, uniform: Floats) -> Floats:
        """Work in seconds for each uniform number from [0, 1)."""


@dataclass(frozen=True)
class Deterministic:
    """Always the mean."""

    mean: float

    def __post_init__(self) -> None:
        require_positive(mean=self.mean)

    @property
    def scv(self) -> float:
        """Nothing varies."""
        return 0.0

    def of(self, uniform: Floats) -> Floats:
        """See Service."""
        return np.full(uniform.shape, self.mean)


@dataclass(frozen=True)
class Exponential:
    """Memoryless."""

    mean: float

    def __post_init__(self) -> None:
        require_positive(mean=self.mean)

    @property
    def scv(self) -> float:
        """By its definition."""
        return 1.0

    def of(self, uniform: Floats) -> Floats:
        """See Service."""
        return -self.mean * np.log1p(-uniform)


@dataclass(frozen=True)
class Gamma:
    """Gamma of shape 1/scv; Erlang where that is whole."""

    mean: float
    scv: float

    def __post_init__(self) -> None:
        require_positive(mean=self.mean, scv=self.scv)

    def of(self, uniform: Floats) -> Floats:
        """See Service."""
        scores, works = _gamma_by_score(self.scv)
        return self.mean * np.interp(special.ndtri(uniform), scores, works)


@lru_cache(maxsize=64)
def _gamma_by_score(scv: float) -> tuple[Floats, Floats]:
    """Normal scores, and the quantiles of the gamma of mean 1 there.

    Interpolated, they are within 1e-4 of the mean of what the inverse of the incomplete gamma
    function says, at a tenth of its time. Each tail is taken from its own end, to keep digits.
    """
    scores = np.linspace(-8.0, 8.0, 4001)
    lower = special.gammaincinv(1 / scv, special.ndtr(scores[scores < 0]))
    upper = special.gammainccinv(1 / scv, special.ndtr(-scores[scores >= 0]))
    return scores, scv * np.concatenate([lower, upper])


@dataclass(frozen=True)
class Hyperexponential:
    """One of two exponentials, with balanced means: p/μ₁ = (1-p)/μ₂ (Whitt 1982); scv ≥ 1.

    u below p chooses the first, and u/p is then the uniform number of that exponential.
    """

    mean: float
    scv: float

    def __post_init__(self) -> None:
        require_positive(mean=self.mean)
        if not self.scv >= 1:
            raise BadInput(f"a hyperexponential's scv is at least 1; got {self.scv:g}")

    def of(self, uniform: Floats) -> Floats:
        """See Service."""
        short, long = shares(self.scv)
        share = np.where(uniform < short, short, long)
        rest = np.where(uniform < short, uniform, uniform - short)
        within = np.minimum(rest / share, _BELOW_ONE)
        return -self.mean / (2 * share) * np.log1p(-within)


@dataclass(frozen=True)
class Lognormal:
    """exp of a normal, with this mean and scv."""

    mean: float
    scv: float

    def __post_init__(self) -> None:
        require_positive(mean=self.mean, scv=self.scv)

    def of(self, uniform: Floats) -> Floats:
        """See Service."""
        variance = np.log1p(self.scv)
        normal = special.ndtri(np.maximum(uniform, np.finfo(float).tiny))
        return self.mean * np.exp(np.sqrt(variance) * normal - variance / 2)


@dataclass(frozen=True)
class Empirical:
    """One of these measurements, each as likely."""

    samples: tuple[float, ...]

    def __post_init__(self) -> None:
        if not self.samples:
            raise BadInput("an empirical distribution needs at least one measurement")
        for sample in self.samples:
            require_positive(sample=sample)

    @property
    def mean(self) -> float:
        """Of the measurements."""
        return float(np.mean(self.samples))

    @property
    def scv(self) -> float:
        """Of the measurements."""
        return float(np.var(self.samples) / self.mean**2)

    def of(self, uniform: Floats) -> Floats:
        """See Service; the larger u, the larger the measurement."""
        return np.sort(self.samples)[(uniform * len(self.samples)).astype(np.int64)]


def by_scv(mean: float, scv: float) -> Service:
    """The usual distribution with two moments: deterministic (0), gamma (below 1), exponential (1)
    or hyperexponential (above) (Whitt 1982)."""
    require_not_negative(scv=scv)
    if scv == 0:
        return Deterministic(mean)
    if scv == 1:
        return Exponential(mean)
    return Gamma(mean, scv) if scv < 1 else Hyperexponential(mean, scv)
