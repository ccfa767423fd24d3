"""Means of few values: Student's interval, without a library of statistics."""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from worker.study.estimates import CONFIDENCE, Estimate

_PRECISE = 60
"""Halvings of the angle's range: more than a double can tell."""


def mean_of_few(values: Sequence[float]) -> Estimate:
    """The mean of two or more independent, nearly normal values with its 95 % interval."""
    reach = quantile(len(values) - 1) * stdev(values) / math.sqrt(len(values))
    value = fmean(values)
    return Estimate(value, value - reach, value + reach)


def quantile(freedom: int) -> float:
    """t with P(|T| ≤ t) = 95 % for so many degrees of freedom, at least 1."""
    low, high = 0.0, math.pi / 2
    for _ in range(_PRECISE):
        middle = (low + high) / 2
        low, high = (middle, high) if _within(middle, freedom) < CONFIDENCE else (low, middle)
    return math.sqrt(freedom) * math.tan(low)


def _within(angle: float, freedom: int) -> float:
    """P(|T| ≤ √freedom · tan angle) (Abramowitz and Stegun 1964, 26.7.3 and 26.7.4)."""
    odd, cosine = freedom % 2, math.cos(angle)
    term, total = cosine if odd else 1.0, 0.0
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    if odd:
        return 2 / math.pi * (angle + math.sin(angle) * total)
    return math.sin(angle) * total
