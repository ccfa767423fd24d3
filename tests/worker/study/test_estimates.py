"""Intervals against tables and closed forms."""

import math
from statistics import stdev

import pytest

from worker.study.estimates import around, mean, middle


def test_the_mean_is_within_two_standard_errors() -> None:
    values = [1.0, 2.0, 4.0, 9.0]
    found, error = mean(values), stdev(values) / 2
    assert found.value == 4
    assert (found.low, found.high) == pytest.approx((4 - 1.959964 * error, 4 + 1.959964 * error))


@pytest.mark.parametrize(
    ("count", "low", "high"),
    [(6, 1, 6), (8, 1, 8), (9, 2, 8), (10, 2, 9), (12, 3, 10), (20, 6, 15)],
)
def test_the_median_lies_between_the_ranks_of_the_sign_test(
    count: int, low: int, high: int
) -> None:
    """Ranks as in Conover, Practical Nonparametric Statistics, table A3."""
    found = middle([float(each) for each in reversed(range(1, count + 1))])
    assert found.value == (count + 1) / 2
    assert (found.low, found.high) == (low, high)


def test_five_values_have_no_interval_and_show_none() -> None:
    found = middle([3.0, 1.0, 2.0, 5.0, 4.0])
    assert found.value == 3
    assert math.isnan(found.low)
    assert found.ends(1) == "3.0"


def test_figures_are_written_with_their_intervals() -> None:
    assert around(-1.234, 0.1).spread(2) == "−1.23 ± 0.20"
    assert middle([float(each) for each in range(-3, 3)]).ends(1) == "−0.5 (−3.0 … 2.0)"
