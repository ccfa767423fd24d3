"""How fast the machine was in a run, beside the calibration that its prediction comes from. Pure.

evidence.probe times the same small work all the while. Pictures slow it, too, where processors
share a core or a cache, so that moments without a picture under way are left out on both sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evidence.validation.figures import plain
from evidence.validation.intervals import RESAMPLES, Floats, block_length, ranged, resampled
from evidence.validation.work import slope
from loadgen.metrics import Estimate

LEAST_PROBES = 10
TOGETHER = 10
"""Neighbours whose mean is one value of the speed: about five seconds, a few pictures."""
WIDE = 0.05
"""A speed so far from the calibration's counts, with its whole interval."""
UNEVEN = 0.05
"""So does a coefficient of variation within a run."""
LEAST_RUNS = 5
"""To judge the probe by."""


@dataclass(frozen=True, eq=False)
class Probes:
    """When the same work was timed, and the seconds that it took; shape (n,), in order."""

    at: Floats
    seconds: Floats

    def during(self, begins: Floats, ends: Floats) -> "Probes":
        """Those while at least one picture was under way; these began and ended then, (m,)."""
        begun = np.searchsorted(np.sort(begins), self.at, side="right")
        inside = begun > np.searchsorted(np.sort(ends), self.at, side="right")
        return Probes(self.at[inside], self.seconds[inside])

    def since(self, began: float) -> "Probes":
        """With times from then on."""
        return Probes(self.at - began, self.seconds)

    @property
    def smooth(self) -> "Probes":
        """Means of so many neighbours that what hits one probe alone hardly counts."""
        groups = max(1, len(self.at) // TOGETHER)
        means = (
            np.array([part.mean() for part in np.array_split(each, groups)])
            for each in (self.at, self.seconds)
        )
        return Probes(*means)


@dataclass(frozen=True)
class Speed:
    """Of a run: the mean seconds of the same work over those in the calibration, more than 1 where
    the machine was slower, and the coefficient of variation within the run; None where it is too
    short to tell."""

    ratio: Estimate
    variation: float | None
    probes: int

    @property
    def differs(self) -> bool:
        """Whether the speed is another than the calibration's."""
        return self.ratio.low > 1 + WIDE or self.ratio.high < 1 - WIDE

    @property
    def uneven(self) -> bool:
        """Whether it changed within the run."""
        return self.variation is not None and self.variation > UNEVEN


def speed(reference: Probes | None, run: Probes | None) -> Speed | None:
    """None without ten probes of both."""
    if reference is None or run is None:
        return None
    if min(len(reference.seconds), len(run.seconds)) < LEAST_PROBES:
        return None
    ratio = run.seconds.mean() / reference.seconds.mean()
    drawn = _means(run.seconds, 0) / _means(reference.seconds, 1)
    return Speed(ranged(float(ratio), drawn), _variation(run.smooth.seconds), len(run.seconds))


def _means(values: Floats, seed: int) -> Floats:
    """Of resamples in blocks (evidence.validation.intervals), shape (RESAMPLES,)."""
    chance = np.random.default_rng(seed)
    rows = resampled(len(values), block_length(values), chance, RESAMPLES)
    return values[rows].mean(axis=1)


def _variation(means: Floats) -> float | None:
    return float(means.std(ddof=1) / means.mean()) if len(means) > 1 else None


@dataclass(frozen=True)
class Fairness:
    """Whether the probe tells how fast pictures are: over runs, the logarithm of their work over
    the expected on that of the probe's ratio. A fair probe has slope 1."""

    runs: int
    correlation: Estimate
    slope: Estimate

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {name: plain(value) for name, value in vars(self).items()}


def fairness(pairs: Sequence[tuple[float, float]]) -> Fairness | None:
    """Of (the probe's ratio, the pictures' ratio) of each run; None for fewer than five, or where
    one of them never varies. Fisher's interval of the correlation, Student's of the slope."""
    if len(pairs) < LEAST_RUNS:
        return None
    probe, pictures = np.log(np.array(pairs, float)).T
    if min(np.ptp(probe), np.ptp(pictures)) < 1e-9:
        return None
    found = stats.pearsonr(probe, pictures)
    low, high = found.confidence_interval(0.95)
    correlation = Estimate(float(found.statistic), float(low), float(high))
    return Fairness(len(pairs), correlation, slope(probe, pictures))
