"""Arrival processes: their mean and variability on fixed seeds, and that nothing is rescaled."""

import math
import random
from itertools import pairwise
from statistics import fmean, pstdev

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loadgen.arrivals import Extent, times
from loadgen.intensity import BadLoad, Diurnal, Pieces, constant


def gaps(due: list[float]) -> list[float]:
    return [later - earlier for earlier, later in pairwise([0.0, *due])]


@pytest.mark.parametrize("burstiness", [0.25, 1.0, 4.0])
def test_gaps_have_the_mean_of_the_rate_and_the_variability_of_the_burstiness(
    burstiness: float,
) -> None:
    count, rate = 40_000, 5.0
    found = gaps(times(constant(rate), Extent(count), random.Random(11), burstiness))
    # Four standard errors of the mean of gamma gaps with coefficient of variation 1/sqrt(shape).
    tolerance = 4 / math.sqrt(burstiness * count)
    assert fmean(found) * rate == pytest.approx(1, abs=tolerance)
    assert pstdev(found) / fmean(found) == pytest.approx(1 / math.sqrt(burstiness), rel=0.04)


def test_poisson_counts_are_as_variable_as_their_mean() -> None:
    due = times(constant(3.0), Extent(seconds=20_000), random.Random(5))
    counts = [0] * 2000
    for at in due:
        counts[min(int(at / 10), 1999)] += 1
    assert pstdev(counts) ** 2 / fmean(counts) == pytest.approx(1, abs=4 * math.sqrt(2 / 2000))


def test_gaps_of_infinite_burstiness_are_even() -> None:
    assert times(constant(4.0), Extent(3), random.Random(1), math.inf) == [0.25, 0.5, 0.75]


def test_the_number_in_a_duration_is_what_came_and_not_what_was_expected() -> None:
    counts = {
        len(times(constant(2.0), Extent(seconds=50), random.Random(seed))) for seed in range(20)
    }
    assert len(counts) > 5
    assert all(60 < count < 140 for count in counts)


def test_a_burst_comes_when_it_is_to() -> None:
    law = Pieces((1.0, 20.0, 1.0), (100.0, 10.0))
    due = times(law, Extent(seconds=200), random.Random(3))
    burst = sum(100 <= at < 110 for at in due)
    assert burst == pytest.approx(200, abs=4 * math.sqrt(200))
    assert len(due) - burst == pytest.approx(190, abs=4 * math.sqrt(190))


@settings(derandomize=True, deadline=None, database=None, max_examples=40)
@given(st.integers(0, 99), st.floats(0.1, 8), st.floats(0, 1), st.integers(1, 200))
def test_due_times_increase_and_a_shorter_run_is_a_longer_one_cut(
    seed: int, burstiness: float, swing: float, count: int
) -> None:
    law = Diurnal(2.0, swing, 60.0)
    longer = times(law, Extent(200), random.Random(seed), burstiness)
    assert times(law, Extent(count), random.Random(seed), burstiness) == longer[:count]
    assert all(earlier <= later for earlier, later in pairwise(longer))


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (Extent, "when to stop"),
        (lambda: Extent(0), "at least 1 request"),
        (lambda: Extent(seconds=0), "more than 0 seconds"),
        (lambda: times(constant(1), Extent(1), random.Random(1), 0), "burstiness must be more"),
    ],
)
def test_what_has_no_extent_is_refused(make, complaint: str) -> None:
    with pytest.raises(BadLoad, match=complaint):
        make()
