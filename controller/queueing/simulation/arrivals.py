"""When jobs come: seconds from 0, in order. Each process draws from the generator it is given."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.random import Generator

from controller.queueing.refusal import BadInput, require_not_negative, require_positive
from controller.queueing.simulation.state import Floats


class Arrivals(Protocol):
    """An arrival process; `rate` is its mean, jobs a second."""

    @property
    def rate(self) -> float: ...

    def first(self, count: int, rng: Generator) -> Floats:
        """The first `count` arrivals; fewer if no more will ever come."""


@dataclass(frozen=True)
class Poisson:
    """Independent exponential gaps: squared coefficient of variation 1."""

    rate: float

    def __post_init__(self) -> None:
        require_positive(rate=self.rate)

    def first(self, count: int, rng: Generator) -> Floats:
        """See Arrivals."""
        return np.cumsum(rng.standard_exponential(count)) / self.rate


@dataclass(frozen=True)
class Gamma:
    """A renewal process with gamma gaps: bursty for scv > 1, regular for scv < 1, Poisson for 1.

    The "burstiness" of serving benchmarks is the gamma's shape, which is 1/scv.
    """

    rate: float
    scv: float

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, scv=self.scv)

    def first(self, count: int, rng: Generator) -> Floats:
        """See Arrivals."""
        return np.cumsum(rng.standard_gamma(1 / self.scv, count)) * (self.scv / self.rate)


@dataclass(frozen=True)
class MarkovModulated:
    """Poisson whose rate is that of a state (MMPP); states are visited in turn, from the first on.

    State i sends `rates[i]` jobs a second and lasts an exponential time of mean `sojourns[i]`
    seconds. With two states this is every MMPP of two (Fischer and Meier-Hellstern 1993).
    """

    rates: tuple[float, ...]
    sojourns: tuple[float, ...]

    def __post_init__(self) -> None:
        if not len(self.rates) == len(self.sojourns) >= 2:
            raise BadInput("an MMPP needs two or more rates, and a mean sojourn for each")
        for rate, sojourn in zip(self.rates, self.sojourns, strict=True):
            require_not_negative(rate=rate)
            require_positive(sojourn=sojourn)
        require_positive(rate=self.rate)

    @property
    def rate(self) -> float:
        """Rates weighted by how long their states last."""
        return float(np.dot(self.rates, self.sojourns) / sum(self.sojourns))

    def first(self, count: int, rng: Generator) -> Floats:
        """See Arrivals."""
        parts: list[Floats] = []
        begin, have = 0.0, 0
        while have < count:
            times, begin = self._rounds(begin, self._rounds_for(count - have), rng)
            parts.append(times)
            have += len(times)
        return np.concatenate(parts)[:count]

    def _rounds_for(self, count: int) -> int:
        return int(count / self.rate / sum(self.sojourns) * 1.1) + 10

    def _rounds(self, begin: float, rounds: int, rng: Generator) -> tuple[Floats, float]:
        """The arrivals of so many visits to all states, and when the last visit ends."""
        lasting = rng.standard_exponential((rounds, len(self.rates))) * self.sojourns
        counts = rng.poisson(lasting * self.rates).ravel()
        ends = begin + np.cumsum(lasting)
        starts = np.concatenate([[begin], ends[:-1]])
        share = rng.random(counts.sum())
        return np.sort(np.repeat(starts, counts) + share * np.repeat(lasting, counts)), ends[-1]


@dataclass(frozen=True)
class Diurnal:
    """Poisson with the rate rate·(1 + amplitude·sin(2πt/period)), by thinning (Lewis and Shedler
    1979): candidates come at the peak rate, and each is kept with the probability of its time."""

    rate: float
    amplitude: float
    period: float

    def __post_init__(self) -> None:
        require_positive(rate=self.rate, period=self.period)
        if not 0 <= self.amplitude <= 1:
            raise BadInput(f"amplitude is {self.amplitude:g}: it must be from 0 to 1")

    def first(self, count: int, rng: Generator) -> Floats:
        """See Arrivals."""
        parts: list[Floats] = []
        begin, have = 0.0, 0
        while have < count:
            times, begin = self._kept(begin, 2 * (count - have) + 100, rng)
            parts.append(times)
            have += len(times)
        return np.concatenate(parts)[:count]

    def _kept(self, begin: float, candidates: int, rng: Generator) -> tuple[Floats, float]:
        peak = 1 + self.amplitude
        gaps = rng.standard_exponential(candidates) / (self.rate * peak)
        times = begin + np.cumsum(gaps)
        wave = 1 + self.amplitude * np.sin(2 * np.pi * times / self.period)
        return times[rng.random(candidates) * peak < wave], times[-1]


@dataclass(frozen=True)
class Steps:
    """Poisson whose rate is `rates[i]` until `until[i]` seconds, and the last one for ever.

    A burst is (1, 5, 1) until (60, 90). Unit-rate arrivals are mapped through the inverse of the
    expected number by a time, which is exact (Çinlar 1975).
    """

    rates: tuple[float, ...]
    until: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.until) != len(self.rates) - 1 or not self.rates:
            raise BadInput("steps need one rate more than times: the last rate has no end")
        if np.any(np.diff((0.0, *self.until)) <= 0):
            raise BadInput("the times of steps must be positive and increase")
        for rate in self.rates[:-1]:
            require_not_negative(rate=rate)
        require_positive(last_rate=self.rates[-1])

    @property
    def rate(self) -> float:
        """That of the long run, which is the last one."""
        return self.rates[-1]

    def first(self, count: int, rng: Generator) -> Floats:
        """See Arrivals."""
        units = np.cumsum(rng.standard_exponential(count))
        edges = np.array([0.0, *self.until])
        expected = np.concatenate([[0.0], np.cumsum(np.diff(edges) * self.rates[:-1])])
        step = np.searchsorted(expected, units, side="right") - 1
        return edges[step] + (units - expected[step]) / np.array(self.rates)[step]


@dataclass(frozen=True)
class Trace:
    """Given times, seconds from 0; the same in every replication."""

    times: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.times) < 2 or self.times[0] < 0 or np.any(np.diff(self.times) < 0):
            raise BadInput("a trace needs two or more times, none negative, in order")
        require_positive(last_time=self.times[-1])

    @property
    def rate(self) -> float:
        """Arrivals over the time of the last one."""
        return len(self.times) / self.times[-1]

    def first(self, count: int, rng: Generator) -> Floats:  # noqa: ARG002 - nothing is drawn
        """See Arrivals."""
        return np.array(self.times[:count])
