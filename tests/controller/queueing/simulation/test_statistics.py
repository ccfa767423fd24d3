"""Warm-up, estimates and what a summary counts."""

import math

import numpy as np
import pytest

from controller.queueing.refusal import BadInput, Unstable
from controller.queueing.simulation.arrivals import Poisson, Trace
from controller.queueing.simulation.estimates import estimate
from controller.queueing.simulation.records import Records, Status
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import Deterministic, Exponential
from controller.queueing.simulation.stability import require_steady, utilisation_when_long
from controller.queueing.simulation.statistics import replicate, summarise
from controller.queueing.simulation.warmup import mser5, no_warm_up, pooled
from services.contract.profile import BatchLaw
from tests.controller.queueing.simulation.situations import (
    exponential,
    hysteretic,
    stateless,
    switching_queue,
)


def by_hand(**changes: object) -> Records:
    """Two seconds of work each, one server: arrivals at 0, 1, 2, 10."""
    scenario = Scenario(
        arrivals=Trace((0.0, 1.0, 2.0, 10.0)),
        services=(Deterministic(2.0),),
        horizon=Horizon(jobs=4),
        **changes,
    )
    return simulate(scenario, 1)


def test_a_run_that_can_be_followed_by_hand() -> None:
    records = by_hand()
    assert records.start.tolist() == [0, 2, 4, 10]
    assert records.response.tolist() == [2, 3, 4, 2]
    assert records.depth(np.array([0.0, 1.5, 2.0, 5.0, 6.0, 12.0])).tolist() == [1, 2, 2, 1, 0, 0]
    assert records.busy_seconds(0, 12) == 8
    assert records.busy_seconds(5, 11) == 2
    assert records.depth_seconds(0, 12) == 11
    assert records.end == 12
    both = summarise([records, records], cut=no_warm_up)
    assert both.mean_response == (2.75, 2.75, 2.75)
    assert both.mean_wait.mean == 0.75
    assert both.probability_of_waiting.mean == 0.5
    assert both.utilisation.mean == 0.6
    assert both.mean_number.mean == 0.9
    assert both.throughput.mean == 0.3


def test_a_horizon_in_seconds_is_counted_to_its_end() -> None:
    """Two seconds of work at 0, 1, 2 and 10, of which 14 s are looked at: 11 job-seconds."""
    queue = Scenario(
        arrivals=Trace((0.0, 1.0, 2.0, 10.0)),
        services=(Deterministic(2.0),),
        horizon=Horizon(seconds=14.0),
    )
    found = replicate(queue, range(2), no_warm_up)
    assert found.mean_number.mean == pytest.approx(11 / 14)
    assert found.utilisation.mean == pytest.approx(8 / 14)
    assert found.throughput.mean == pytest.approx(4 / 14)


def test_no_interval_reaches_beyond_what_can_be() -> None:
    queue = Scenario(
        arrivals=Poisson(0.5), services=(Exponential(1.0),), horizon=Horizon(seconds=2.0)
    )
    found = replicate(queue, range(4), no_warm_up)
    for each in (found.probability_of_waiting, found.utilisation, *found.residency):
        assert 0 <= each.low <= each.mean <= each.high <= 1
    for each in (found.mean_wait, found.mean_response, found.mean_number, found.throughput):
        assert 0 <= each.low <= each.mean <= each.high
    runs = [simulate(queue, seed) for seed in range(4)]
    assert summarise(runs, (-5.0,), no_warm_up).effective_quality == (-5, -5, -5)


def test_lost_dropped_and_late_are_counted_apart() -> None:
    lost = summarise([by_hand(capacity=1)] * 2, cut=no_warm_up)
    assert by_hand(capacity=1).status.tolist() == [
        Status.FINISHED, Status.LOST, Status.FINISHED, Status.FINISHED,
    ]  # fmt: skip
    assert lost.loss_probability.mean == 0.25
    hurried = by_hand(deadline=1.5)
    assert hurried.status.tolist() == [Status.LATE, Status.LATE, Status.DROPPED, Status.LATE]
    assert hurried.finish.tolist() == [2.0, 4.0, 3.5, 12.0]
    shares = summarise([hurried] * 2, cut=no_warm_up)
    assert (shares.drop_probability.mean, shares.late_probability.mean) == (0.25, 0.75)


def test_the_interval_is_student_s() -> None:
    found = estimate(np.array([1.0, 2.0, 3.0, math.nan]))
    assert found.mean == 2.0
    assert found.half_width == pytest.approx(4.302653 / math.sqrt(3))
    assert found.holds(0.0)
    assert not found.holds(5.0)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    queue = Scenario(
        arrivals=Poisson(0.5), services=(Exponential(1.0),), horizon=Horizon(jobs=4000)
    )
    held = [
        replicate(queue, range(10 * first, 10 * first + 10)).mean_response.holds(2.0)
        for first in range(120)
    ]
    assert 0.89 <= np.mean(held) <= 0.99


def test_mser_cuts_what_the_start_did() -> None:
    noise = np.random.default_rng(1).standard_normal(20_000)
    decay = 10 * np.exp(-np.arange(20_000) / 500)
    assert 1500 < mser5(noise + decay) < 5000
    assert mser5(noise) < 2000
    assert mser5(np.ones(7)) == 0
    assert mser5(np.full(100, np.nan)) == 0


def test_jobs_without_a_response_do_not_disturb_the_warm_up() -> None:
    values = 5 + np.random.default_rng(1).standard_normal(20_000)
    values[:1000] -= 5
    values[::3] = np.nan
    assert 950 <= mser5(values) <= 1100


def test_runs_are_pooled_job_by_job() -> None:
    runs = [np.array([1.0, np.nan, np.nan, 4.0]), np.array([3.0, 5.0, np.nan])]
    assert np.array_equal(pooled(runs), [2.0, 5.0, np.nan], equal_nan=True)


def test_an_empty_start_is_cut_where_it_matters() -> None:
    queue = Scenario(
        arrivals=Poisson(0.9), services=(Exponential(1.0),), horizon=Horizon(jobs=3000)
    )
    cut, whole = replicate(queue, range(200)), replicate(queue, range(200), no_warm_up)
    assert cut.warm_up > 0
    assert abs(cut.mean_response.mean - 10) < abs(whole.mean_response.mean - 10)


def test_quality_is_that_of_levels_used() -> None:
    found = replicate(switching_queue(), range(5))
    shares = np.array([share.mean for share in found.job_shares])
    assert shares.sum() == pytest.approx(1)
    assert found.effective_quality.mean == pytest.approx(shares @ [0.9, 0.8, 0.5])
    assert sum(share.mean for share in found.residency) == pytest.approx(1)
    assert found.switch_rate.mean > 0


def test_where_nobody_comes_nothing_is_known_of_responses() -> None:
    queue = Scenario(
        arrivals=Poisson(1e-6), services=(Exponential(1.0),), horizon=Horizon(seconds=1.0)
    )
    found = replicate(queue, range(2), no_warm_up)
    assert math.isnan(found.mean_response.mean)
    assert (found.mean_number.mean, found.throughput.mean) == (0, 0)
    assert simulate(queue, 1).end == 0


def test_one_replication_has_no_interval() -> None:
    with pytest.raises(BadInput, match="two replications"):
        replicate(switching_queue(), [1])


def switching(table: np.ndarray, rate: float, **more: object) -> Scenario:
    means = (1.0, 0.4)[: len(table)]
    return Scenario(
        arrivals=Poisson(rate), services=exponential(means), switching=Switching(table), **more
    )


def test_stability_is_that_of_the_level_of_long_queues() -> None:
    assert utilisation_when_long(switching(stateless(3), 2.0)) == pytest.approx(0.8)
    assert utilisation_when_long(switching(hysteretic(5, 2), 2.0)) == pytest.approx(0.8)
    stuck = np.array([[0], [1]])
    assert utilisation_when_long(switching(stuck, 2.0)) == pytest.approx(2.0)
    batch = BatchLaw(tau0=1.0, tau1=1.0, cap=4)
    shared = switching(stuck, 2.0, law=batch, workers=2)
    assert utilisation_when_long(shared) == pytest.approx(2.0 / (2 * 1.6))


def test_only_what_grows_for_ever_is_refused() -> None:
    stuck = np.array([[0], [1]])
    with pytest.raises(Unstable, match="below 1 a second"):
        require_steady(switching(stuck, 2.0))
    require_steady(switching(stuck, 2.0, capacity=10))
    require_steady(switching(stuck, 2.0, deadline=10.0))
    require_steady(switching(stuck, 0.9))


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: switching(np.array([[0, 2]]), 1.0),
        lambda: switching(np.zeros((3, 0), np.int64), 1.0),
        lambda: Switching(stateless(3), initial=2),
        lambda: Switching(stateless(3), dwell=-1.0),
        lambda: Switching(stateless(3), period=0.0),
        lambda: switching(stateless(3), 1.0, workers=0),
        lambda: switching(stateless(3), 1.0, capacity=0),
        lambda: switching(stateless(3), 1.0, deadline=-1.0),
        lambda: switching(stateless(3), 1.0, qualities=(1.0,)),
        lambda: Scenario(arrivals=Poisson(1.0), services=exponential()),
    ],
)
def test_bad_scenarios_are_refused(wrong: object) -> None:
    with pytest.raises(BadInput):
        wrong()
