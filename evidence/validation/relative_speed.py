"""How fast the machine was in a run, beside the calibration that its prediction comes from. Pure.

evidence.probe times the same small work all the while. Pictures slow it, too, where processors
share a core or a cache: it is compared with what it took in the calibration with as many pictures
under way, and moments without one are left out on both sides.
"""

from dataclasses import dataclass

import numpy as np
from scipy import stats

from evidence.validation.intervals import (
    RESAMPLES,
    Floats,
    Integers,
    block_length,
    ranged,
    resampled,
)
from loadgen.metrics import Estimate

LEAST_PROBES = 10
SPAN_SECONDS = 5.0
"""Whose mean is one value of the speed: ten probes at most, and a few pictures."""
WIDE = 0.05
"""A speed so far from the calibration's counts, with its whole interval."""
UNEVEN = 0.05
"""So does a coefficient of variation within a run, if it is beyond chance."""
CHANCE = 0.01
"""The probability below which it is."""


@dataclass(frozen=True, eq=False)
class Probes:
    """When the same work was timed, the seconds that it took, and how many pictures were under way;
    shape (n,), in order."""

    at: Floats
    seconds: Floats
    under_way: Integers

    @classmethod
    def during(cls, at: Floats, seconds: Floats, begins: Floats, ends: Floats) -> "Probes":
        """Those while at least one picture was under way; these began and ended then, (m,)."""
        begun = np.searchsorted(np.sort(begins), at, side="right")
        under_way = begun - np.searchsorted(np.sort(ends), at, side="right")
        inside = under_way > 0
        return cls(at[inside], seconds[inside], under_way[inside])

    def since(self, began: float) -> "Probes":
        """With times from then on."""
        return Probes(self.at - began, self.seconds, self.under_way)


@dataclass(frozen=True, eq=False)
class Usual:
    """What the same work took in the calibration, by the number of pictures under way, ascending:
    mean seconds (numbers,), and those of resamples (resamples, numbers)."""

    numbers: Integers
    seconds: Floats
    drawn: Floats

    @classmethod
    def of(cls, reference: Probes) -> "Usual":
        """Of each number that has ten probes; where none has, all count as one."""
        numbers = np.unique(reference.under_way).tolist()
        found = {each: reference.seconds[reference.under_way == each] for each in numbers}
        enough = {number: each for number, each in found.items() if len(each) >= LEAST_PROBES}
        known = enough or {1: reference.seconds}
        drawn = [_means(each, seed) for seed, each in enumerate(known.values(), start=1)]
        means = [each.mean() for each in known.values()]
        return cls(np.array(list(known)), np.array(means), np.stack(drawn, axis=1))

    def weights(self, under_way: Integers) -> Floats:
        """The share of each number's seconds in what is usual with so many under way, (n, numbers):
        of two neighbours by the distance to them, beyond the least and the most all of theirs."""
        rows = np.eye(len(self.numbers))
        return np.stack([np.interp(under_way, self.numbers, row) for row in rows], axis=1)


@dataclass(frozen=True, eq=False)
class Paces:
    """At these seconds of a run, ascending, the seconds of the same work over the usual ones with
    as many pictures under way; shape (n,)."""

    at: Floats
    ratios: Floats

    @property
    def spans(self) -> Integers:
        """The number of the five seconds that each is in, of those that have one, (n,)."""
        number = np.floor((self.at - self.at[0]) / SPAN_SECONDS)
        return np.unique(number, return_inverse=True)[1]

    @property
    def smooth(self) -> "Paces":
        """Means of each five seconds, so that what hits one probe alone hardly counts."""
        count = np.bincount(self.spans)
        means = (np.bincount(self.spans, each) / count for each in (self.at, self.ratios))
        return Paces(*means)


@dataclass(frozen=True)
class Variation:
    """Within a run: the coefficient of variation of five-second means beyond what single probes
    vary by, and the probability of means as far apart if they vary by nothing else."""

    value: float
    p: float


@dataclass(frozen=True, eq=False)
class RelativeSpeed:
    """Of a run: the seconds of the same work over those in the calibration with as many pictures
    under way, more than 1 where the machine was slower, and how that varied within the run; None
    where it is too short to tell."""

    ratio: Estimate
    variation: Variation | None
    paces: Paces

    @property
    def differs(self) -> bool:
        """Whether the speed is another than the calibration's."""
        return self.ratio.low > 1 + WIDE or self.ratio.high < 1 - WIDE

    @property
    def uneven(self) -> bool:
        """Whether it changed within the run."""
        found = self.variation
        return found is not None and found.value > UNEVEN and found.p < CHANCE


def relative_speed(reference: Probes | None, run: Probes | None) -> RelativeSpeed | None:
    """None without ten probes of both."""
    if reference is None or run is None:
        return None
    if min(len(reference.seconds), len(run.seconds)) < LEAST_PROBES:
        return None
    usual = Usual.of(reference)
    weights = usual.weights(run.under_way)
    paces = Paces(run.at, run.seconds / (weights @ usual.seconds))
    return RelativeSpeed(_ratio(run.seconds, weights, usual, paces), variation(paces), paces)


def _ratio(seconds: Floats, weights: Floats, usual: Usual, paces: Paces) -> Estimate:
    """Of sums, with both resampled in blocks (evidence.validation.intervals)."""
    rows = resampled(len(seconds), block_length(paces.ratios), np.random.default_rng(0))
    expected = (weights[rows].mean(axis=1) * usual.drawn).sum(axis=1)
    ratio = seconds.mean() / (weights @ usual.seconds).mean()
    return ranged(float(ratio), seconds[rows].mean(axis=1) / expected)


def _means(values: Floats, seed: int) -> Floats:
    """Of resamples in blocks, shape (RESAMPLES,)."""
    chance = np.random.default_rng(seed)
    rows = resampled(len(values), block_length(values), chance, RESAMPLES)
    return values[rows].mean(axis=1)


def variation(paces: Paces) -> Variation | None:
    """By analysis of variance in one way: the component of variance between spans is (MSB - MSW)/n₀
    with n₀ = (N - Σn²/N)/(a - 1) (S. R. Searle, G. Casella and C. E. McCulloch 1992, 3.6), and
    MSB/MSW is compared with F. None without two spans, or two probes in one."""
    spans, ratios = paces.spans, paces.ratios
    count = np.bincount(spans)
    free, left = len(count) - 1, len(ratios) - len(count)
    if not (free and left):
        return None
    means, mean = np.bincount(spans, ratios) / count, ratios.mean()
    between = float(count @ (means - mean) ** 2) / free
    within = float(((ratios - means[spans]) ** 2).sum()) / left
    each = (len(ratios) - count @ count / len(ratios)) / free
    value = float(np.sqrt(max(0.0, between - within) / each) / mean)
    p = stats.f.sf(between / within, free, left) if within > 0 else float(between == 0)
    return Variation(value, float(p))
