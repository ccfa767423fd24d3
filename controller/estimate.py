"""Estimates of the arrival rate and of service times, with how far they may be off. Pure.

Both forget: arrivals by time, service times by job. What they forgot makes them less sure again.
"""

import math
from typing import NamedTuple

from services.contract.forecast import Pace, Rate
from services.contract.profile import BatchLaw
from services.contract.samples import Sample

MEMORY_SECONDS = 60.0
LEAST_SECONDS = 1.0
BIN_SECONDS = 5.0
POISSON_BINS = 1.0
MEMORY_JOBS = 40
SCV_JOBS = 10
LEAST_SCV = 0.05**2
OUTLIER = 4.0
LEAST_CV = 0.25


class _Bin(NamedTuple):
    """Arrivals of the last few seconds, not yet judged for how bursty they are."""

    count: float = 0.0
    seconds: float = 0.0


class ArrivalRate(NamedTuple):
    """Arrivals a second, from a counter that is read now and then.

    λ = ∫w dN / ∫w dt with w = e^(-age/memory): the mean of the steady model for counts (J. Q. Smith
    1979; A. C. Harvey and C. Fernandes 1989). A Poisson process has then counted as if for
    E = (∫w dt)²/∫w² dt seconds, and a variance of λ/E; Jeffreys' half an arrival keeps it above 0
    where none came. Bursts multiply it by the index of dispersion, Pearson's X² over bins of 5 s
    (P. McCullagh and J. A. Nelder 1989, 4.5). For bursts about as long as a bin it is too sure:
    1.96 errors hold the rate of gamma gaps with an scv of 5 seven times in eight.
    """

    memory: float = MEMORY_SECONDS
    """Seconds after which an arrival counts 1/e: how fast the estimate forgets."""
    counted: int | None = None
    at: float = 0.0
    arrivals: float = 0.0
    exposure: float = 0.0
    squared: float = 0.0
    bin: _Bin = _Bin()
    excess: float = 0.0
    bins: float = 0.0

    def seen(self, counted: int, now: float) -> "ArrivalRate":
        """After the counter was read; one that went back, or time that did, starts anew."""
        if self.counted is None or counted < self.counted or now < self.at:
            return ArrivalRate(self.memory, counted, now)
        count, seconds = counted - self.counted, now - self.at
        if seconds == 0:
            return self
        kept = math.exp(-seconds / self.memory)
        gained = self.memory * (1 - kept)
        return self._replace(
            counted=counted, at=now,
            arrivals=self.arrivals * kept + count / seconds * gained,
            exposure=self.exposure * kept + gained,
            squared=self.squared * kept**2 + self.memory / 2 * (1 - kept**2),
            bin=_Bin(self.bin.count + count, self.bin.seconds + seconds),
        )._judged()  # fmt: skip

    def _judged(self) -> "ArrivalRate":
        count, seconds = self.bin
        if seconds < BIN_SECONDS:
            return self
        expected = (self.arrivals + 0.5) / self.exposure * seconds
        kept = math.exp(-seconds / self.memory)
        excess = self.excess * kept + (count - expected) ** 2 / expected
        return self._replace(bin=_Bin(), excess=excess, bins=self.bins * kept + 1)

    @property
    def dispersion(self) -> float:
        """Index of dispersion of the counts: 1 for a Poisson process, more for a bursty one."""
        return max(1.0, (self.excess + POISSON_BINS) / (self.bins + POISSON_BINS))

    @property
    def rate(self) -> Rate | None:
        """Jobs a second; None until the counter was watched for a second."""
        if self.exposure < LEAST_SECONDS * 0.99:
            return None
        value, seconds = self.arrivals / self.exposure, self.exposure**2 / self.squared
        error = math.sqrt(self.dispersion * (value * seconds + 0.5)) / seconds
        return Rate(value=value, error=error)


def alone(sample: Sample, law: BatchLaw) -> float:
    """Seconds that the job's story, or one of its pictures, would have taken alone in its worker.

    It was beside b - 1 others, those of the same job among them, b = units·elapsed/share: alone it
    takes elapsed/slowdown(b). Beyond the cap the worker's time is divided, but no more work is done
    at once.
    """
    share = sample.share / sample.units
    together = min(max(sample.elapsed / share, 1.0), law.cap)
    return share * together / law.slowdown(together)


class Prior(NamedTuple):
    """What is known of a level before any job is seen."""

    seconds: float
    """Mean service time, or any figure in proportion to it."""
    scv: float = 1.0
    spread: float = 0.3
    """Standard deviation of how far the level may be off when the others are not, as a share."""


class ServiceTimes(NamedTuple):
    """Mean service time of each level: prior · e^(common + own).

    `common` is how much slower than the priors this machine is, and drifts; `own` is what a level
    adds to that, and hardly drifts. So what is seen at one level moves the others, and a level
    never seen keeps its prior, scaled. A Kalman filter (R. E. Kalman 1960) follows both: a job that
    took x where m was expected says x/m - 1, whose mean is 0 whatever the distribution, with the
    variance scv (the score of a log-linear quasi-likelihood, R. W. M. Wedderburn 1974). What is
    more than 4 standard deviations long is cut off there (P. J. Huber 1964).
    """

    priors: tuple[Prior, ...]
    state: tuple[float, ...]
    """common, then own of each level: logarithms."""
    covariance: tuple[tuple[float, ...], ...]
    scvs: tuple[float, ...]
    counts: tuple[int, ...]
    memory: float = MEMORY_JOBS
    """Jobs after which one counts about 1/e: how fast `common` forgets."""

    @classmethod
    def of(
        cls, priors: tuple[Prior, ...], spread: float = 0.5, memory: float = MEMORY_JOBS
    ) -> "ServiceTimes":
        """Before any job. `spread`: the standard deviation of `common`."""
        own = [prior.spread for prior in priors]
        deviations, size = [spread, *own], len(priors) + 1
        covariance = tuple(
            tuple(deviations[i] ** 2 if i == j else 0.0 for j in range(size)) for i in range(size)
        )
        scvs = tuple(prior.scv for prior in priors)
        return cls(priors, (0.0,) * size, covariance, scvs, (0,) * len(priors), memory)

    def seen(self, level: int, seconds: float) -> "ServiceTimes":
        """After a job of a level that took, or would have taken, so long alone."""
        scv = max(self.scvs[level], LEAST_SCV)
        cut = OUTLIER * max(math.sqrt(scv), LEAST_CV)
        surprise = min(seconds / self.mean(level) - 1, cut)
        covariance = self._drifted(scv)
        towards = [row[0] + row[level + 1] for row in covariance]
        total = towards[0] + towards[level + 1] + scv
        return self._replace(
            state=tuple(x + t / total * surprise for x, t in zip(self.state, towards, strict=True)),
            covariance=tuple(
                tuple(entry - t * other / total for entry, other in zip(row, towards, strict=True))
                for row, t in zip(covariance, towards, strict=True)
            ),
            scvs=self._varied(level, surprise),
            counts=_with(self.counts, level, self.counts[level] + 1),
        )

    def _drifted(self, scv: float) -> list[list[float]]:
        """A random walk whose best filter has a gain of 1/memory; a tenth of it for `own`."""
        walk, found = scv / self.memory**2, [list(row) for row in self.covariance]
        for i, row in enumerate(found):
            row[i] += walk if i == 0 else walk / 100
        return found

    def _varied(self, level: int, surprise: float) -> tuple[float, ...]:
        """The scv by exponentially weighted squares; what was known before counts as ten jobs."""
        gain = 1 / min(self.counts[level] + SCV_JOBS + 1, 2 * self.memory)
        scv = self.scvs[level]
        return _with(self.scvs, level, scv + gain * (surprise**2 - scv))

    def mean(self, level: int) -> float:
        """Seconds."""
        return self.priors[level].seconds * math.exp(self.state[0] + self.state[level + 1])

    def pace(self, level: int) -> Pace:
        """The mean service time of a level, its variation, and how far the mean may be off."""
        found, own = self.covariance, level + 1
        variance = found[0][0] + 2 * found[0][own] + found[own][own]
        error = math.sqrt(max(variance, 0.0))
        return Pace(seconds=self.mean(level), scv=self.scvs[level], error=error)


def _with(entries: tuple, index: int, entry: float) -> tuple:
    return (*entries[:index], entry, *entries[index + 1 :])
