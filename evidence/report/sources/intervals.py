"""95 % intervals of figures from records: of neighbours in a queue, of pairs, of a few alone. Pure.

The ordinary bootstrap takes values for independent and many. Requests that wait in one queue are
not independent, and a handful of books are not many: either way its intervals are too short.
"""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from scipy import stats

from evidence.report.numbers import Estimate
from evidence.validation import intervals

LEAST = 2
"""Values, below which nothing is known of chance."""
BATCHES = 10
"""Of a run: few enough that each is longer than what a queue remembers (Schmeiser 1982)."""


def neighbours_mean(values: Sequence[float]) -> Estimate | None:
    """Of requests in order, by the block bootstrap; None for too few."""
    if len(values) < LEAST:
        return None
    found = intervals.mean_of(np.array(values))
    return Estimate(found.value, found.low, found.high)


def neighbours_p95(values: Sequence[float]) -> Estimate | None:
    """Their 95th percentile, likewise."""
    if len(values) < LEAST:
        return None
    found = intervals.percentile_of(np.array(values), 95)
    return Estimate(found.value, found.low, found.high)


def independent_mean(values: Sequence[float]) -> Estimate | None:
    """By Student's t, of values that do not depend on each other; None for too few."""
    if len(values) < LEAST:
        return None
    return _around(float(np.mean(values)), values)


def batched_mean(runs: Sequence[Sequence[float]]) -> Estimate | None:
    """Over all requests of some runs, each in order, by batch means with Student's t.

    Batches of a run differ by one request at most. None for fewer than two requests.
    """
    batches = [batch for run in runs for batch in _batches(run)]
    if len(batches) < LEAST:
        return None
    return _around(float(np.mean(np.concatenate(batches))), [float(b.mean()) for b in batches])


def _batches(run: Sequence[float]) -> list[np.ndarray]:
    return np.array_split(np.array(run), min(BATCHES, len(run))) if run else []


def _around(middle: float, values: Sequence[float]) -> Estimate:
    count = len(values)
    reach = float(stats.t.ppf(0.975, count - 1) * np.std(values, ddof=1)) / sqrt(count)
    return Estimate(middle, middle - reach, middle + reach)
