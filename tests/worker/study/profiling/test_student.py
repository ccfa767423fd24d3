"""Student's quantiles against SciPy's."""

import pytest
from scipy import stats

from worker.study.profiling.student import mean_of_few, quantile


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 8, 9, 30, 99, 100])
def test_quantiles_are_those_of_scipy(freedom: int) -> None:
    assert quantile(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


def test_the_interval_of_a_mean_is_that_of_scipy() -> None:
    values = [3.1, 2.9, 3.6]
    low, high = stats.t.interval(0.95, 2, loc=3.2, scale=stats.sem(values))
    found = mean_of_few(values)
    assert (found.value, found.low, found.high) == pytest.approx((3.2, low, high))
