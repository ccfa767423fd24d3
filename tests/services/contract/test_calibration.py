"""What clients were told against what came."""

import pytest

from services.contract import calibration, transitions
from services.contract.calibration import Told, judge
from services.contract.transitions import Admission, Outcome, Service
from tests.services.contract.making import EXPIRED, LEASE, RETENTION, claim, reclaim, request


def accept(redis, predicted, kind="image"):
    """A waiting job whose client was told so many seconds: its id."""
    terms = Admission(100, RETENTION, predicted_seconds=predicted)
    return transitions.accept(redis, request(kind), terms)[0]


def perform(redis, job_id, lease=LEASE):
    """Begin and end a job."""
    outcome = Outcome("succeeded", service=Service(1.0, 1.0))
    transitions.finish(redis, claim(redis, job_id, lease), outcome, retention=RETENTION)


def test_figures_of_three_estimates():
    """One exact, one twice too long, one half as long as it took."""
    found = judge([Told(10, 10), Told(8, 4), Told(5, 10)])

    assert (found.count, found.median_ratio) == (3, 1.0)
    assert found.mean_relative_error == pytest.approx((0 + 1 + 0.5) / 3)
    assert found.within_quarter == pytest.approx(1 / 3)
    assert found.bias_seconds == pytest.approx((0 + 4 - 5) / 3)


@pytest.mark.parametrize(("predicted", "close"), [(7.5, 1.0), (12.5, 1.0), (7.4, 0.0), (12.6, 0.0)])
def test_close_is_within_a_quarter_of_what_came(predicted, close):
    assert judge([Told(predicted, 10)]).within_quarter == close


@pytest.mark.parametrize("told", [[], [Told(0.0, 5.0)]])
def test_nothing_is_judged_without_an_estimate(told):
    assert judge(told) is None


def test_a_finished_job_is_held_against_what_its_client_was_told(redis):
    job_id = accept(redis, 40.0)
    redis.hincrbyfloat(f"storyteller:job:{job_id}", "created_at", -32.0)
    perform(redis, job_id)

    found = calibration.read(redis, "images")

    assert found.count == 1
    assert found.median_ratio == pytest.approx(32 / 40, abs=0.05)
    assert found.bias_seconds == pytest.approx(40 - 32, abs=1)
    assert calibration.read(redis, "stories") is None


def test_jobs_that_nothing_was_told_of_do_not_count(redis):
    perform(redis, accept(redis, None))
    assert calibration.read(redis, "images") is None
    perform(redis, accept(redis, 3.0))
    assert calibration.read(redis, "images").count == 1


def test_a_second_attempt_counts_once(redis):
    job_id = accept(redis, 3.0)
    claim(redis, job_id, EXPIRED)
    assert reclaim(redis) == [job_id]
    perform(redis, job_id)

    assert calibration.read(redis, "images").count == 1


def test_only_the_latest_count(redis):
    for predicted in (1.0, 2.0, 3.0):
        perform(redis, accept(redis, predicted))

    assert [each.predicted for each in calibration.latest(redis, "images", 2)] == [3.0, 2.0]
