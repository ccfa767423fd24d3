"""Whether pictures took in the worker what predictions have. Pure.

The work of pictures (evidence.validation.work) is judged against that of simulated ones, for which
the law holds: the ratio is 1 on average, whatever the load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from evidence.validation.figures import AsJson, Jobs
from evidence.validation.intervals import Floats, mean_of
from evidence.validation.work import Works, works_by_level
from loadgen.metrics import Estimate
from services.contract.profile import BatchLaw

WIDE = 0.05
"""A ratio so far from 1 counts, if its interval does not hold 1 either."""
STEEP = 0.025
"""So does a slope so far from 0."""


@dataclass(frozen=True)
class Expected:
    """Of simulated pictures of a level: mean work in seconds, its squared coefficient of variation,
    its rise for each further picture under way as a share of it, and the autocorrelation that this
    leaves."""

    seconds: float
    scv: float
    slope: float
    autocorrelation: float


@dataclass(frozen=True)
class Service(AsJson):
    """Of the pictures that had one level alone: measured work over that expected, half the interval
    of the seconds that predictions have as a share of them, the squared coefficient of variation,
    how much more the ratio rises for each further picture under way than expected, and the
    autocorrelation of what that leaves unexplained, beside the expected one."""

    level: str
    jobs: int
    ratio: Estimate
    doubt: float
    scv: float
    expected_scv: float
    slope: Estimate
    autocorrelation: Estimate
    expected_autocorrelation: float

    @property
    def differs(self) -> bool:
        """Whether the work is another than expected, beyond what that is sure of."""
        return self._far and abs(self.ratio.value - 1) > self._reach

    @property
    def doubted(self) -> bool:
        """Whether the work is another than expected, but no other than that allows for."""
        return self._far and not self.differs

    @property
    def _far(self) -> bool:
        far = abs(self.ratio.value - 1) > WIDE
        return far and not self.ratio.low <= 1 <= self.ratio.high

    @property
    def _reach(self) -> float:
        """Half the interval of the ratio with the expected seconds' own, as independent errors."""
        half = (self.ratio.high - self.ratio.low) / 2
        return float(np.hypot(half, self.ratio.value * self.doubt))

    @property
    def beyond_the_law(self) -> bool:
        """Whether company slows, or speeds, pictures other than the law of the level says."""
        steep = abs(self.slope.value) > STEEP
        return steep and not self.slope.low <= 0 <= self.slope.high

    @property
    def dependent(self) -> bool:
        """Whether neighbours take alike, beyond what the same company does."""
        return self.autocorrelation.low > max(0.0, self.expected_autocorrelation)


def services(
    found: Jobs,
    expected: Mapping[int, Expected],
    names: Sequence[str],
    doubts: Floats,
    laws: Sequence[BatchLaw],
) -> tuple[Service, ...]:
    """Of each level with ten pictures at least that were never at another; `doubts` are half the
    intervals of the expected seconds as shares, (levels,), `laws` how company slows each level."""
    return tuple(
        _service(names[level], seen, expected[level], float(doubts[level]))
        for level, seen in works_by_level(found, laws)
        if level in expected
    )


def expected(replayed: Sequence[Jobs], laws: Sequence[BatchLaw]) -> dict[int, Expected]:
    """By level, of replications of a run with what comes before and after the engine."""
    seen: dict[int, list[Works]] = {}
    for jobs in replayed:
        for level, each in works_by_level(jobs, laws):
            seen.setdefault(level, []).append(each)
    return {level: _expected(each) for level, each in seen.items()}


def _expected(seen: Sequence[Works]) -> Expected:
    return Expected(
        seconds=fmean(np.concatenate([each.seconds for each in seen])),
        scv=fmean(each.scv for each in seen),
        slope=fmean(each.slope.value for each in seen),
        autocorrelation=fmean(each.autocorrelation.value for each in seen),
    )


def _service(level: str, seen: Works, known: Expected, doubt: float) -> Service:
    rise, ratio = seen.slope, mean_of(seen.seconds / known.seconds)
    return Service(
        level=level,
        jobs=len(seen.seconds),
        ratio=ratio,
        doubt=doubt,
        scv=seen.scv,
        expected_scv=known.scv,
        slope=Estimate(*(end - known.slope for end in (rise.value, rise.low, rise.high))),
        autocorrelation=seen.autocorrelation,
        expected_autocorrelation=known.autocorrelation,
    )
