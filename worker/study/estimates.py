"""Figures with their 95 % intervals."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean, median, stdev

CONFIDENCE = 0.95
QUANTILE = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure and the ends of its interval; NaN where there are too few values for one."""

    value: float
    low: float
    high: float

    def spread(self, digits: int) -> str:
        """`value ± half the interval`, for a symmetric one."""
        return f"{_shown(self.value, digits)} ± {(self.high - self.low) / 2:.{digits}f}"

    def ends(self, digits: int) -> str:
        """`value (low … high)`, or the value alone."""
        value, low, high = (_shown(each, digits) for each in (self.value, self.low, self.high))
        return value if math.isnan(self.low) else f"{value} ({low} … {high})"


def _shown(figure: float, digits: int) -> str:
    return f"{figure:.{digits}f}".replace("-", "−")


def around(value: float, error: float) -> Estimate:
    """A figure with a standard error, taken to be normal."""
    return Estimate(value, value - QUANTILE * error, value + QUANTILE * error)


def mean(values: Sequence[float]) -> Estimate:
    """The mean of independent values, by the central limit theorem; two at least."""
    return around(fmean(values), stdev(values) / math.sqrt(len(values)))


def middle(values: Sequence[float]) -> Estimate:
    """The median, between two order statistics whatever the distribution (David & Nagaraja,
    Order Statistics, 3rd ed., §7.1). Fewer than six values have no such interval of 95 %: NaN."""
    ranked, count = sorted(values), len(values)
    skipped = _skipped(count)
    if skipped is None:
        return Estimate(median(ranked), math.nan, math.nan)
    return Estimate(median(ranked), ranked[skipped], ranked[count - 1 - skipped])


def _skipped(count: int) -> int | None:
    """How many of so many ranked values lie outside, on either side, of the interval."""
    tail, skipped = 0.0, None
    for rank in range(count // 2 + 1):
        tail += math.comb(count, rank) / 2**count
        if tail > (1 - CONFIDENCE) / 2:
            return skipped
        skipped = rank
    return skipped
