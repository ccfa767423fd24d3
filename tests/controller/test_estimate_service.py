"""Service times: planted means come back, drift moves all levels, outliers do not."""

import math
import random

import pytest

from controller.estimate import OUTLIER, Prior, ServiceTimes, alone
from services.contract.profile import ONE_AT_A_TIME, BatchLaw
from services.contract.samples import Sample

PRIORS = tuple(Prior(seconds, 0.3, 0.2) for seconds in (8.0, 2.0, 0.5))
LAW = BatchLaw(tau0=0.3, tau1=0.1, cap=4)


def _seen(times: ServiceTimes, *jobs: tuple[int, float]) -> ServiceTimes:
    for level, seconds in jobs:
        times = times.seen(level, seconds)
    return times


def _gamma(rng: random.Random, mean: float, scv: float) -> float:
    return rng.gammavariate(1 / scv, scv * mean)


def test_before_any_job_a_level_keeps_its_prior():
    pace = ServiceTimes.of(PRIORS).pace(1)
    assert (pace.seconds, pace.scv) == (2.0, 0.3)
    assert pace.error == pytest.approx(math.hypot(0.5, 0.2))


@pytest.mark.parametrize("scv", [0.05, 0.5, 1.0])
def test_planted_means_and_variations_come_back(scv):
    rng, true = random.Random(3), (6.0, 3.0, 0.5)
    jobs = [(i % 3, _gamma(rng, true[i % 3], scv)) for i in range(900)]
    times = _seen(ServiceTimes.of(PRIORS), *jobs)

    for level, mean in enumerate(true):
        pace = times.pace(level)
        assert abs(pace.seconds / mean - 1) < 2.6 * pace.error
        assert pace.seconds == pytest.approx(mean, rel=0.35 * math.sqrt(scv) + 0.02)
        assert pace.scv == pytest.approx(scv, rel=0.5)


@pytest.mark.parametrize("scv", [0.1, 1.0])
def test_the_stated_error_holds_a_machine_that_drifts(scv):
    """Coverage of 1.96 errors when the truth does walk as the filter supposes."""
    rng, inside, streams = random.Random(11), 0, 200
    for _ in range(streams):
        times, slower = ServiceTimes.of(PRIORS), rng.gauss(0, 0.5)
        for _ in range(120):
            slower += rng.gauss(0, math.sqrt(scv) / times.memory)
            times = times.seen(0, _gamma(rng, 8.0 * math.exp(slower), scv))
        pace = times.pace(0)
        inside += abs(pace.seconds / (8.0 * math.exp(slower)) - 1) < 1.96 * pace.error
    assert inside / streams > 0.9


def test_a_slower_machine_is_slower_at_levels_never_seen():
    jobs = [(i % 2, 1.5 * PRIORS[i % 2].seconds) for i in range(200)]
    times = _seen(ServiceTimes.of(PRIORS), *jobs)

    assert times.pace(0).seconds == pytest.approx(12.0, rel=0.03)
    assert times.pace(2).seconds == pytest.approx(0.75, rel=0.07)
    assert times.pace(2).error > 2 * times.pace(0).error


def test_a_level_that_differs_from_its_prior_does_not_bend_the_others():
    """Two levels as the prior says, one twice as slow: most of that is its own."""
    jobs = [(i % 3, PRIORS[i % 3].seconds * (2.0 if i % 3 == 2 else 1.0)) for i in range(600)]
    times = _seen(ServiceTimes.of(PRIORS), *jobs)
    means = [times.pace(level).seconds for level in range(3)]
    assert means == pytest.approx([8.0, 2.0, 1.0], rel=0.05)


def test_a_drift_is_followed_within_the_memory_and_some():
    before = _seen(ServiceTimes.of(PRIORS), *[(0, 8.0)] * 200)
    after = _seen(before, *[(0, 12.0)] * 80)
    assert before.pace(0).seconds == pytest.approx(8.0, rel=0.02)
    assert after.pace(0).seconds == pytest.approx(12.0, rel=0.1)


def test_one_absurd_job_moves_little():
    rng = random.Random(2)
    calm = _seen(ServiceTimes.of(PRIORS), *[(1, _gamma(rng, 2.0, 0.1)) for _ in range(100)])
    shaken = calm.seen(1, 1e6)
    cut = OUTLIER * math.sqrt(calm.pace(1).scv)

    assert shaken.pace(1).seconds / calm.pace(1).seconds < 1 + cut / 20
    assert shaken.pace(1).seconds > calm.pace(1).seconds


def test_jobs_that_all_take_the_same_leave_some_doubt():
    pace = _seen(ServiceTimes.of(PRIORS), *[(0, 8.0)] * 500).pace(0)
    assert pace.seconds == pytest.approx(8.0)
    assert pace.scv < 0.01
    assert 0 < pace.error < 0.1


@pytest.mark.parametrize("together", [1, 2, 4])
def test_a_job_among_others_is_worth_its_time_alone(together):
    """A job of 5 s alone, in steady company: the batch law says how long it takes."""
    elapsed = 5.0 * LAW.slowdown(together)
    assert alone(_sample(elapsed / together, elapsed), LAW) == pytest.approx(5.0)


def test_a_worker_that_holds_more_than_it_advances_does_no_more_work():
    """Eight in hand, four at a time: each is advanced half of the time, in a company of four."""
    elapsed = 2 * 5.0 * LAW.slowdown(4)
    assert alone(_sample(elapsed / 8, elapsed), LAW) == pytest.approx(5.0)


def test_one_at_a_time_it_is_what_it_took():
    assert alone(_sample(3.0, 3.0), ONE_AT_A_TIME) == 3.0


def _sample(share: float, elapsed: float) -> Sample:
    return Sample("1-0", share, elapsed, "image", "best", elapsed, None)
