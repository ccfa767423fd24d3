"""Intervals for figures of requests that wait in the same queue, and so depend on their neighbours.

The circular block bootstrap (Politis and Romano 1992; moving blocks, Künsch 1989, joined end to
end): blocks of neighbours are drawn with replacement, so dependence within a block is kept. The
block length is the automatic choice of Politis and White (2004), as corrected by Patton, Politis
and White (2009). Pure, and the same for the same values.
"""

import math
from collections.abc import Callable

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from loadgen.metrics import Estimate

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

RESAMPLES = 1000
METHOD = (
    "95 % intervals: measured, circular block bootstrap over requests in the order they were due "
    "(mean number: over equal spans of time), block length by Politis and White (2004), "
    f"{RESAMPLES} resamples, of runs of one schedule by the same requests; simulated, the range of "
    "95 % of the replications"
)


def block_length(values: Floats) -> int:
    """Neighbours that stay together, from 1 to a third of the values.

    The lag beyond which autocorrelations are within 2√(log₁₀n/n) for max(5, √log₁₀n) lags gives the
    bandwidth of a flat-top window; the length is (2G²/D)^⅓ n^⅓ with D = 4/3 g(0)² for circular
    blocks.
    """
    count = len(values)
    longest = max(1, math.ceil(min(3 * math.sqrt(count), count / 3)))
    covariances = autocovariances(values, min(count - 1, 2 * longest))
    if len(covariances) < 2 or covariances[0] <= 0:
        return 1
    window = 2 * _significant_lag(covariances / covariances[0], count)
    lags = np.arange(1, min(window, len(covariances) - 1) + 1)
    weights = np.clip(2 * (1 - lags / max(1, window)), 0.0, 1.0)
    near = covariances[1 : len(lags) + 1]
    spectrum = covariances[0] + 2 * float(weights @ near)
    slope = 2 * float((weights * lags) @ near)
    if spectrum <= 0 or slope == 0:
        return 1
    length = (2 * slope**2 / (4 / 3 * spectrum**2)) ** (1 / 3) * count ** (1 / 3)
    return int(min(longest, max(1, math.ceil(length))))


def autocovariances(values: Floats, most: int) -> Floats:
    """At lags 0 … most, with the divisor n; shape (most + 1,)."""
    deviations = np.asarray(values, float) - np.mean(values)
    count = len(deviations)
    lags = range(most + 1)
    return np.array([deviations[: count - lag] @ deviations[lag:] / count for lag in lags])


def _significant_lag(correlations: Floats, count: int) -> int:
    """The last lag before a stretch of small correlations."""
    stretch = max(5, math.ceil(math.sqrt(math.log10(count))))
    small = np.abs(correlations[1:]) < 2 * math.sqrt(math.log10(count) / count)
    for lag in range(len(small)):
        if small[lag : lag + stretch].all():
            return max(1, lag)
    return len(small)


def resampled(count: int, length: int, chance: Generator, resamples: int = RESAMPLES) -> Integers:
    """Indices of resamples in blocks: shape (resamples, count)."""
    blocks = math.ceil(count / length)
    starts = chance.integers(count, size=(resamples, blocks, 1))
    return ((starts + np.arange(length)) % count).reshape(resamples, -1)[:, :count]


def of_series(values: Floats, figure: Callable[[Floats], Floats]) -> Estimate:
    """A figure of neighbours in order; `figure` reduces the last axis. One value at least."""
    values = np.asarray(values, float)
    chance = np.random.default_rng(0)
    drawn = values[resampled(len(values), block_length(values), chance)]
    return ranged(float(figure(values)), figure(drawn))


def mean_of(values: Floats) -> Estimate:
    """The mean of neighbours in order."""
    return of_series(values, lambda drawn: np.mean(drawn, axis=-1))


def percentile_of(values: Floats, percent: float) -> Estimate:
    """A percentile of neighbours in order."""
    return of_series(values, lambda drawn: np.percentile(drawn, percent, axis=-1))


def ranged(value: float, drawn: Floats) -> Estimate:
    """A value between the 2.5th and the 97.5th percentile of what was drawn, which hold it."""
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Estimate(value, min(value, float(low)), max(value, float(high)))


def replicated(values: Floats) -> Estimate:
    """The mean of replications, and the range of 95 % of them."""
    return ranged(float(np.mean(values)), values)
