"""Arrival processes of which it is known what is wrong with them."""

import numpy as np
import pytest

from evidence.validation.arrivals import arrivals, autocorrelation, dispersed

RATE = 4.0


def due(gaps):
    """Times of arrival."""
    return np.cumsum(gaps) / RATE


def test_poisson_arrivals_are_taken_for_it():
    flagged = 0
    for seed in range(60):
        found = arrivals(due(np.random.default_rng(seed).standard_exponential(300)), RATE)
        flagged += found.not_poisson

    assert flagged <= 4  # two tests at 1 %


def test_poisson_arrivals_have_scv_1_and_no_memory():
    found = arrivals(due(np.random.default_rng(1).standard_exponential(4000)), RATE)

    assert found.gaps_scv.low < 1 < found.gaps_scv.high
    assert found.autocorrelation.low < 0 < found.autocorrelation.high
    assert found.dispersion == pytest.approx(1, abs=0.2)
    assert not found.dependent


def test_bursts_and_a_regular_beat_are_no_poisson_arrivals():
    bursts = np.random.default_rng(2).standard_gamma(0.3, 300) / 0.3
    beat = np.random.default_rng(2).standard_gamma(8.0, 300) / 8.0

    assert arrivals(due(bursts), RATE).not_poisson
    assert arrivals(due(bursts), RATE).gaps_scv.low > 1
    assert arrivals(due(beat), RATE).not_poisson
    assert arrivals(due(beat), RATE).gaps_scv.high < 1


def test_another_rate_than_asked_for_is_seen():
    times = due(np.random.default_rng(3).standard_exponential(400))

    assert arrivals(times, 1.5 * RATE).not_poisson


def test_gaps_that_follow_each_other_are_dependent():
    waves = np.repeat(np.random.default_rng(4).standard_exponential(100), 3)

    assert arrivals(due(waves), RATE).dependent


def test_too_few_say_nothing():
    assert arrivals(np.arange(5.0), 1.0) is None
    assert dispersed(np.arange(20.0), 1.0) == (None, None)


def test_what_does_not_vary_has_no_memory():
    assert autocorrelation(np.full(50, 0.25)).value == 0.0


def test_autocorrelation_is_covered_by_its_interval():
    noise = np.random.default_rng(5).standard_normal(3000)
    values = noise[1:] + noise[:-1]  # a moving average of two: 1/2

    found = autocorrelation(values)

    assert found.low < 0.5 < found.high
