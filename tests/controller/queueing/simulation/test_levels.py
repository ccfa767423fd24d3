"""Levels that follow the queue: against chains that can be solved, and against Ciw."""

import numpy as np
import pytest

from bench.contenders.ciw_queue import CiwQueue
from bench.scenes.queueing import scenario
from controller.queueing.simulation.arrivals import Poisson, Trace
from controller.queueing.simulation.estimates import estimate
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import Deterministic
from services.contract.profile import BatchLaw
from tests.controller.queueing.simulation.agreement import agrees, simulated
from tests.controller.queueing.simulation.situations import (
    exponential,
    hysteretic,
    stateless,
    switching_queue,
)

ROOM = 150


def solved(generator: np.ndarray) -> np.ndarray:
    """The shares of time of a chain with these rates off the diagonal."""
    balance = generator - np.diag(generator.sum(axis=1))
    balance[:, 0] = 1
    return np.linalg.solve(balance.T, np.eye(len(balance))[0])


def test_level_at_start_is_a_chain_of_depth_and_the_level_in_service() -> None:
    rate, means, thresholds = 1.6, (1.0, 0.4), (3,)
    generator = np.zeros((2 * ROOM, 2 * ROOM))

    def place(depth: int, level: int) -> int:
        return 2 * depth + level

    def level_at(depth: int) -> int:
        return int(depth >= thresholds[0])

    for depth in range(ROOM - 1):
        for level in (0, 1):
            into = level if depth else level_at(1)
            generator[place(depth, level), place(depth + 1, into)] += rate
    for depth in range(1, ROOM):
        for level in (0, 1):
            generator[place(depth, level), place(depth - 1, level_at(depth - 1))] += (
                1 / means[level]
            )
    shares = solved(generator).reshape(ROOM, 2)
    number = float(np.arange(ROOM) @ shares.sum(axis=1))
    busy = shares[1:].sum(axis=0) / means
    found = simulated(
        50_000,
        arrivals=Poisson(rate),
        services=exponential(means),
        switching=Switching(stateless(*thresholds)),
        qualities=(1.0, 0.0),
    )
    assert agrees(found.mean_number, number, 0.03)
    assert agrees(found.effective_quality, busy[0] / busy.sum(), 0.03)
    assert agrees(found.job_shares[1], busy[1] / busy.sum(), 0.03)
    assert agrees(found.residency[1], float(shares[thresholds[0] :].sum()), 0.03)


def test_work_that_follows_both_ways_is_birth_and_death_with_hysteresis() -> None:
    """Exponential work at one level is that at another times a constant, so a job that is taken
    along behaves as one begun there. None is taken back, so the level rises with nobody left."""
    rate, means = 1.6, (1.0, 0.4)
    found = simulated(
        50_000,
        arrivals=Poisson(rate),
        services=exponential(means),
        switching=Switching(hysteretic(5, 0), retime=True),
    )
    generator = np.zeros((2 * ROOM, 2 * ROOM))
    for depth in range(ROOM - 1):
        generator[2 * depth, 2 * (depth + 1) + (depth + 1 >= 5)] += rate
        generator[2 * depth + 1, 2 * (depth + 1) + (depth > 0)] += rate
    for depth in range(1, ROOM):
        generator[2 * depth, 2 * (depth - 1)] += 1 / means[0]
        generator[2 * depth + 1, 2 * (depth - 1) + (depth > 1)] += 1 / means[1]
    shares = solved(generator).reshape(ROOM, 2)
    assert agrees(found.mean_number, float(np.arange(ROOM) @ shares.sum(axis=1)), 0.03)
    assert agrees(found.residency[1], float(shares[:, 1].sum()), 0.03)
    downwards = shares[4, 0] * rate
    assert agrees(found.switch_rate, float(2 * downwards), 0.03)


@pytest.mark.parametrize(
    "queue",
    [CiwQueue(0.6, (1.0,)), CiwQueue(2.0, (1.2, 0.8, 0.4), depths=(3, 6), servers=2)],
    ids=["M/M/1", "switching"],
)
def test_ciw_finds_the_same_mean(queue: CiwQueue) -> None:
    theirs, ours = (
        estimate(np.array([mean(seed) for seed in range(10)]))
        for mean in (
            lambda seed: np.mean(queue.responses(2500, seed)[300:]),
            lambda seed: simulate(scenario(queue, 50_000), seed).response.mean(),
        )
    )
    assert theirs.half_width < 0.05 * theirs.mean
    assert abs(ours.mean - theirs.mean) < 1.7 * np.hypot(ours.half_width, theirs.half_width)


def test_a_job_keeps_the_level_of_its_moment() -> None:
    """Three jobs at once: each sees those before it and itself when it arrives; when work starts,
    the later ones see fewer."""
    crowd = {
        "arrivals": Trace((1.0, 1.0, 1.0)),
        "services": (Deterministic(3.0), Deterministic(1.0)),
        "horizon": Horizon(jobs=3),
    }
    arrival, start = (
        simulate(Scenario(**crowd, switching=Switching(stateless(2), moment=moment)), 1)
        for moment in ("arrival", "start")
    )
    assert arrival.level.tolist() == [0, 1, 1]
    assert arrival.finish.tolist() == [4.0, 5.0, 6.0]
    assert start.level.tolist() == [0, 1, 0]
    assert start.finish.tolist() == [4.0, 5.0, 8.0]


def test_work_under_way_follows_the_level_down_but_not_up() -> None:
    crowd = {
        "arrivals": Trace((1.0, 2.0)),
        "services": (Deterministic(4.0), Deterministic(1.0)),
        "horizon": Horizon(jobs=2),
    }
    records = simulate(Scenario(**crowd, switching=Switching(stateless(2), retime=True)), 1)
    assert records.finish.tolist() == [2.75, 6.75]
    assert records.level.tolist() == [0, 0]
    assert records.last_level.tolist() == [1, 0]
    assert records.switch_time.tolist() == [0.0, 2.0, 2.75]


def test_retiming_in_a_shared_worker_keeps_the_pace_of_the_company() -> None:
    """Two jobs at half speed each, until a third comes."""
    records = simulate(
        Scenario(
            arrivals=Trace((0.0, 1.0, 2.0)),
            services=(Deterministic(4.0), Deterministic(1.0)),
            law=BatchLaw(tau0=0.0, tau1=1.0, cap=2),
            switching=Switching(stateless(3), retime=True),
            horizon=Horizon(jobs=3),
        ),
        1,
    )
    # At 2 s the first has done 1.5 of 4, the second 0.5 of 4: 0.625 and 0.875 are left.
    assert records.finish[:2] == pytest.approx([3.25, 3.75])
    assert records.last_level.tolist()[:2] == [1, 1]


def test_levels_change_at_ticks_only_and_no_two_within_the_dwell() -> None:
    records = simulate(switching_queue(period=0.25, dwell=2.0), 3)
    changes = records.switch_time[1:]
    assert len(changes) > 100
    assert (changes % 0.25 == 0).all()
    assert np.diff(changes).min() >= 2.0
    assert (np.diff(records.switch_level) != 0).all()


def test_the_dwell_holds_at_events_too() -> None:
    changes = simulate(switching_queue(dwell=1.5), 3).switch_time[1:]
    assert np.diff(changes).min() >= 1.5
    quicker = simulate(switching_queue(), 3).switch_time[1:]
    assert np.diff(quicker).min() < 1.5


def test_between_ticks_the_level_stands_whatever_the_depth() -> None:
    records = simulate(switching_queue(period=0.25), 3)
    ticks = np.arange(1, int(records.arrival[-1] / 0.25)) * 0.25
    called = stateless(4, 8)[0, np.minimum(records.depth(ticks), 8)]
    assert (records.level_at(ticks) == called).all()
    assert (records.level == records.level_at(records.start)).all()


def test_the_initial_level_is_in_force_until_the_first_change() -> None:
    records = simulate(switching_queue(table=np.arange(3)[:, None], initial=1), 1)
    assert (records.level == 1).all()
    assert records.residency(0, 10).tolist() == [0, 1, 0]
