"""The statistics and the schedule, against the standard library and theory."""

import math
import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.arrivals import poisson
from bench.medians import interleaved, median, percentile, ratio
from bench.orders import LADDER, PROMPTS, mixed

VALUES = st.lists(st.floats(0.1, 1e6), min_size=1, max_size=40)


def test_everybody_is_measured_once_a_round_and_everybody_begins_one() -> None:
    order: list[str] = []
    measures = {name: lambda name=name: order.append(name) or len(order) for name in "abc"}
    measured = interleaved(measures, 3)
    assert order == ["a", "b", "c", "b", "c", "a", "c", "a", "b"]
    assert measured == {"a": [1, 6, 8], "b": [2, 4, 9], "c": [3, 5, 7]}


def test_a_round_that_was_slow_for_everybody_leaves_the_ratio_alone() -> None:
    quiet, noisy = [2.0, 2.0, 2.0], [2.0, 20.0, 2.0]
    assert ratio([6.0, 60.0, 6.0], noisy) == ratio([6.0, 6.0, 6.0], quiet) == 3.0


def test_rounds_that_do_not_pair_are_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        ratio([1.0, 2.0], [1.0])
    with pytest.raises(ValueError, match="measure at least once"):
        median([])


@given(VALUES)
def test_half_of_the_values_are_at_most_the_median(values: list[float]) -> None:
    assert percentile(values, 50) == pytest.approx(statistics.median(values))


@given(VALUES, st.integers(1, 99))
def test_a_percentile_has_its_share_of_values_on_each_side(
    values: list[float], percent: int
) -> None:
    found = percentile(values, percent)
    below = sum(value <= found * (1 + 1e-9) for value in values)
    above = sum(value >= found * (1 - 1e-9) for value in values)
    assert below >= math.floor(percent / 100 * (len(values) - 1))
    assert above >= math.floor((1 - percent / 100) * (len(values) - 1))


def test_arrivals_are_a_poisson_process() -> None:
    rate, count = 4.0, 20_000
    due = poisson(rate, count, seed=3)
    gaps = [after - before for before, after in zip([0.0, *due], due, strict=False)]
    assert due == sorted(due)
    # Exponential gaps: mean and standard deviation are 1 / rate, within five standard errors.
    assert statistics.mean(gaps) == pytest.approx(1 / rate, rel=5 / math.sqrt(count))
    assert statistics.stdev(gaps) == pytest.approx(1 / rate, rel=5 * math.sqrt(2 / count))
    assert sum(gap > 1 / rate for gap in gaps) / count == pytest.approx(1 / math.e, abs=0.02)


def test_a_seed_decides_the_arrivals_and_nothing_else_does() -> None:
    once = poisson(2.0, 50, seed=1)
    random.seed(99)
    assert poisson(2.0, 50, seed=1) == once
    assert poisson(2.0, 50, seed=2) != once


def test_arrivals_that_never_come_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 0"):
        poisson(0.0, 5, seed=1)


def test_a_mixture_has_as_many_of_each_level() -> None:
    orders = mixed(96, seed=5)
    assert [sum(order.level == level for order in orders) for level in LADDER] == [32, 32, 32]
    assert orders == mixed(96, seed=5) != mixed(96, seed=6)
    assert len({order.seed for order in orders}) == 96
    assert len({order.prompt for order in orders}) == len(PROMPTS)
