"""Intervals of dependent values, against processes whose standard error is known."""

import numpy as np
import pytest
from scipy.signal import lfilter

from evidence.validation.intervals import (
    autocovariances,
    block_length,
    mean_of,
    percentile_of,
    replicated,
    resampled,
)


def autoregressive(correlation, count, seed):
    """x(t) = correlation · x(t-1) + noise, without its start."""
    noise = np.random.default_rng(seed).standard_normal(count + 500)
    return lfilter([1.0], [1.0, -correlation], noise)[500:]


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8])
def test_an_interval_of_a_mean_is_as_wide_as_theory_says(correlation):
    count, widths = 2000, []
    for seed in range(8):
        found = mean_of(autoregressive(correlation, count, seed))
        widths.append(found.high - found.low)

    error = 1 / ((1 - correlation) * np.sqrt(count))  # σ/(1-φ)/√n of the mean of an AR(1)
    assert np.mean(widths) == pytest.approx(2 * 1.96 * error, rel=0.15)


def test_blocks_are_as_long_as_politis_and_white_have_them():
    # Their example: for an AR(1) the optimal circular block grows with φ and with n^(1/3).
    count, correlation = 20_000, 0.7
    optimal = (2 * correlation / (1 - correlation**2)) ** (2 / 3) * (3 / 2 * count) ** (1 / 3)
    lengths = [block_length(autoregressive(correlation, count, seed)) for seed in range(5)]

    assert np.median(lengths) == pytest.approx(optimal, rel=0.25)


def test_independent_values_need_no_long_blocks():
    lengths = [block_length(autoregressive(0.0, 1000, seed)) for seed in range(9)]

    assert np.median(lengths) <= 4


def test_values_that_do_not_vary_have_no_interval():
    found = mean_of(np.full(20, 3.0))

    assert (found.value, found.low, found.high) == (3.0, 3.0, 3.0)


def test_one_value_is_its_own_mean():
    assert mean_of(np.array([2.0])).value == 2.0


def test_autocovariances_are_those_of_the_definition():
    assert autocovariances(np.array([1.0, 2.0, 3.0]), 2) == pytest.approx([2 / 3, 0.0, -1 / 3])


def test_resamples_are_of_neighbours_joined_end_to_end():
    rows = resampled(10, 4, np.random.default_rng(1), 50)

    assert rows.shape == (50, 10)
    assert ((np.diff(rows[:, :4]) % 10) == 1).all()
    assert set(rows.ravel()) == set(range(10))


def test_a_percentile_has_an_interval_that_holds_it():
    found = percentile_of(np.random.default_rng(0).standard_exponential(3000), 95)

    assert found.low < -np.log(0.05) < found.high
    assert found.low <= found.value <= found.high


def test_replications_give_their_mean_and_the_range_of_most():
    found = replicated(np.arange(1001.0))

    assert (found.value, found.low, found.high) == pytest.approx((500, 25, 975))
