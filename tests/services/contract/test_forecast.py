"""The live model: exact where theory is, the gamma distribution where it approximates."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy import stats

from services.contract import forecast as forecasts
from services.contract import keys
from services.contract.forecast import (
    Forecast,
    Pace,
    Rate,
    Response,
    departure_rate,
    response,
    utilisation,
)
from services.contract.profile import ONE_AT_A_TIME, BatchLaw

SHARED = BatchLaw(tau0=0.0, tau1=1.0, cap=4)
BATCHED = BatchLaw(tau0=3.0, tau1=1.0, cap=8)
RUNS = 40_000


def model(scv=0.0, *, seconds=2.0, law=ONE_AT_A_TIME, workers=1, error=0.0, arrivals=0.0):
    """A queue with one level."""
    paces = (Pace(seconds=seconds, scv=scv, error=error),)
    rate = Rate(value=arrivals)
    return Forecast(at=0.0, level=0, paces=paces, law=law, workers=workers, arrivals=rate)


def brute_force(scv, workers, ahead, seconds=2.0):
    """Response times of a job behind `ahead` others, FIFO; service times are gamma distributed.

    Those that run do so since a moment that the arrival did not choose: a longer service is met
    more often, and its rest is uniform on it.
    """
    random = np.random.default_rng(1)
    shape, scale = 1 / scv, scv * seconds
    free = np.zeros((workers, RUNS))
    for place in range(min(ahead, workers)):
        free[place] = random.uniform(size=RUNS) * random.gamma(shape + 1, scale, RUNS)
    for _ in range(max(ahead - workers, 0) + 1):
        first = free.argmin(axis=0)
        done = free[first, np.arange(RUNS)] + random.gamma(shape, scale, RUNS)
        free[first, np.arange(RUNS)] = done
    return done


def assert_moments(found: Response, times: np.ndarray) -> None:
    """Mean and variance of the simulated times are within four standard errors of those found."""
    squares = (times - found.mean) ** 2
    assert abs(times.mean() - found.mean) < 4 * stats.sem(times)
    assert abs(squares.mean() - found.variance) < 4 * stats.sem(squares)


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("ahead", [0, 1, 4, 5, 9])
def test_exponential_service_is_exact(workers, ahead):
    assert_moments(
        response(model(1.0, workers=workers), 0, ahead), brute_force(1.0, workers, ahead)
    )


@pytest.mark.parametrize("scv", [0.1, 0.5, 2.5])
@pytest.mark.parametrize("ahead", [0, 1, 2, 7])
def test_one_job_at_a_time_is_exact_whatever_the_service(scv, ahead):
    assert_moments(response(model(scv), 0, ahead), brute_force(scv, 1, ahead))


@pytest.mark.parametrize("scv", [0.1, 0.5, 2.5])
def test_several_workers_are_close_whatever_the_service(scv):
    found, times = response(model(scv, workers=3), 0, 8), brute_force(scv, 3, 8)
    assert found.mean == pytest.approx(times.mean(), rel=0.1)


@pytest.mark.parametrize(("ahead", "seconds"), [(0, 2.0), (1, 3.0), (2, 5.0), (3, 7.0)])
def test_constant_service_in_turn_with_the_first_on_average_half_done(ahead, seconds):
    found = response(model(0.0), 0, ahead)
    assert found.mean == seconds
    assert found.variance == pytest.approx(2.0**2 / 12 if ahead else 0.0), "a uniform rest"


@pytest.mark.parametrize(("ahead", "together"), [(0, 1), (1, 1), (2, 2), (15, 8)])
def test_with_a_place_free_a_job_only_shares(ahead, together):
    found = response(model(0.5, law=BATCHED, workers=2), 0, ahead)
    assert found.mean == pytest.approx(2.0 * (3 + together) / 4)
    assert found.variance == pytest.approx(0.5 * found.mean**2)


def test_a_full_worker_lets_one_in_as_one_leaves():
    """Four share it, so that one leaves every two seconds; each takes eight."""
    exponential = model(1.0, law=SHARED)
    assert [response(exponential, 0, ahead).mean for ahead in (3, 4, 5)] == [8.0, 10.0, 12.0]


def laddered(*seconds, scv=0.0, error=0.0, law=ONE_AT_A_TIME):
    """A queue with levels that take so long."""
    paces = tuple(Pace(seconds=each, scv=scv, error=error) for each in seconds)
    return Forecast(at=0.0, level=0, paces=paces, law=law)


def test_a_job_waits_at_the_level_of_those_ahead_and_is_done_at_its_own():
    """Twenty exponential services of 0.7 s, then one of 8 s."""
    found = response(laddered(8.0, 0.7, scv=1.0), 0, 20, ahead_level=1)
    assert found.mean == pytest.approx(20 * 0.7 + 8.0)
    assert found.variance == pytest.approx(20 * 0.7**2 + 8.0**2)


def test_in_company_a_job_is_slowed_but_keeps_its_own_pace():
    found = response(laddered(8.0, 1.0, scv=1.0, law=SHARED), 0, 5, ahead_level=1)
    assert found.mean == pytest.approx(2 * 1.0 * 4 / 4 + 8.0 * 4)


def test_a_level_among_its_own_is_as_if_none_were_named():
    queue = laddered(8.0, 0.7, scv=0.4, error=0.2)
    assert response(queue, 1, 9, ahead_level=1) == response(queue, 1, 9)


def test_how_well_the_mean_is_known_adds_to_the_spread():
    sure, unsure = (response(model(0.5, error=error), 0, 3) for error in (0.0, 0.2))
    assert unsure.variance - sure.variance == pytest.approx((0.2 * sure.mean) ** 2)


@pytest.mark.parametrize("scv", [0.02, 0.25, 1.0])
@pytest.mark.parametrize("percent", [10, 50, 90, 95, 99])
def test_percentiles_are_those_of_the_gamma_distribution(scv, percent):
    exact = stats.gamma.ppf(percent / 100, 1 / scv, scale=3 * scv)
    assert Response(3.0, scv * 9).percentile(percent) == pytest.approx(exact, rel=0.07)


def test_without_spread_every_percentile_is_the_mean():
    sure = Response(3.0, 0.0)
    assert (sure.percentile(1), sure.percentile(99)) == (3.0, 3.0)
    assert [sure.probability_within(seconds) for seconds in (2.9, 3.0)] == [0.0, 1.0]


def test_nothing_is_done_within_no_time():
    for seconds in (0.0, -1.0):
        assert Response(3.0, 9.0).probability_within(seconds) == 0.0


@given(st.floats(0.1, 100), st.floats(0.001, 1.0), st.floats(1, 99))
def test_a_probability_belongs_to_its_percentile(mean, scv, percent):
    found = Response(mean, scv * mean**2)
    assert found.probability_within(found.percentile(percent)) == pytest.approx(percent / 100)


PACES = {"seconds": st.floats(0.1, 10), "scv": st.floats(0, 4), "error": st.floats(0, 0.5)}
LAWS = st.builds(BatchLaw, tau0=st.floats(0, 5), tau1=st.floats(0.01, 5), cap=st.integers(1, 8))


@given(st.builds(model, **PACES, law=LAWS, workers=st.integers(1, 4)), st.integers(0, 40))
def test_more_ahead_is_never_sooner(queue, ahead):
    fewer, more = response(queue, 0, ahead), response(queue, 0, ahead + 1)
    assert more.mean >= fewer.mean - 1e-9
    assert more.variance >= fewer.variance - 1e-9


@given(st.builds(model, **PACES, law=LAWS, workers=st.integers(1, 4)), st.integers(0, 40))
def test_a_full_queue_takes_one_departure_longer_with_each_job(queue, waiting):
    ahead = queue.workers * queue.law.cap + waiting
    longer = response(queue, 0, ahead + 1).mean - response(queue, 0, ahead).mean
    assert longer * departure_rate(queue, 0, ahead) == pytest.approx(1.0)


def test_departures_while_the_workers_fill():
    queue = model(law=BATCHED, workers=2)
    rates = [departure_rate(queue, 0, number) for number in (1, 2, 16, 30)]
    assert rates == pytest.approx([1 / 2, 2 / 2, 16 / (2 * 11 / 4), 16 / (2 * 11 / 4)])


def test_utilisation_is_arrivals_over_what_full_workers_do():
    queue = model(law=BATCHED, workers=2, arrivals=1.6)
    assert utilisation(queue, 0) == pytest.approx(1.6 / (2 * BATCHED.speedup / 2.0))


@pytest.mark.parametrize("scv", [0.05, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("spent", [0.0, 0.5, 1.0, 2.0, 3.0])
def test_what_is_left_is_a_close_lower_bound(scv, spent):
    service = stats.gamma(1 / scv, scale=scv)
    times = np.linspace(spent, spent + 30, 100_001)
    exact = np.trapezoid(service.sf(times), times) / service.sf(spent)
    told = Response(1.0, scv).remaining(spent)
    assert exact - 0.26 < told <= exact + 1e-6
    assert told > 0


def test_an_overdue_job_has_what_its_spread_says():
    assert Response(2.0, 0.0).remaining(3.0) == 0.0
    assert Response(2.0, 0.4).remaining(300.0) == pytest.approx(0.2)
    assert Response(2.0, 400.0).remaining(300.0) == 2.0
    assert Response(0.0, 0.0).remaining(1.0) == 0.0


def test_one_after_the_other():
    assert Response(1.0, 2.0).then(Response(3.0, 4.0)) == (4.0, 6.0)


def test_a_level_without_a_pace_is_refused():
    with pytest.raises(ValidationError, match="level 1 has no pace: there are 1"):
        Forecast(at=0.0, level=1, paces=(Pace(seconds=1.0),))


def test_a_forecast_of_another_version_is_ignored_and_told(redis, caplog):
    redis.set(keys.forecast("images"), '{"horizon": 9}')
    assert forecasts.read(redis, "images") is None
    assert "the forecast of images is ignored" in caplog.text


def test_a_forecast_is_read_as_it_was_put_and_forgotten_unless_renewed(redis):
    assert forecasts.read(redis, "images") is None
    forecasts.put(redis, "images", model(0.5, law=BATCHED, arrivals=0.25))
    assert forecasts.read(redis, "images") == model(0.5, law=BATCHED, arrivals=0.25)
    assert forecasts.read(redis, "stories") is None
    assert 0 < redis.ttl(keys.forecast("images")) <= math.ceil(forecasts.FORECAST_SECONDS)


def test_each_level_is_slowed_by_company_as_it_is():
    paces = (Pace(seconds=2.0), Pace(seconds=1.0, crowding=0.5))
    two = Forecast(at=0.0, level=0, paces=paces, law=BATCHED)

    # BATCHED adds a quarter for each other; the second level, half.
    assert [two.slowdown(level, 3) for level in (0, 1)] == [1.5, 2.0]
    assert [response(two, level, 2).mean for level in (0, 1)] == [3.0, 2.0]
    assert departure_rate(two, 1, 3) == pytest.approx(3 / 2.0)
    # Two more than step together: half of an interval, and one, of the level that is ahead.
    late = response(two, 0, 9, ahead_level=1)
    full = 1 + 0.5 * 7
    assert late.mean == pytest.approx(1.5 * full / 8 + 2.0 * 11 / 4)
