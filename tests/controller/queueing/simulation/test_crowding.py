"""Company that slows each level in its own way."""

from dataclasses import replace

import numpy as np
import pytest

from controller.queueing import sharing
from controller.queueing.engine import Engine
from controller.queueing.levels import hysteresis
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.refusal import BadInput
from controller.queueing.simulation.arrivals import Poisson, Trace
from controller.queueing.simulation.records import Records
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import Deterministic
from controller.queueing.simulation.stability import utilisation_when_long
from services.contract.forecast import Pace
from services.contract.profile import BatchLaw
from tests.controller.queueing.simulation.agreement import agrees, simulated
from tests.controller.queueing.simulation.situations import (
    exponential,
    hysteretic,
    stateless,
    switching_queue,
)

LAW = BatchLaw(tau0=0.8, tau1=0.2, cap=4)
MEANS, CROWDING = (1.0, 0.4), (0.1, 0.8)
STUCK = np.array([[0], [1]])


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("level", [0, 1])
def test_at_one_level_it_is_sharing_by_that_level_s_law(level: int, workers: int) -> None:
    engine = Engine(MEANS[level], LAW.crowded(CROWDING[level]), workers)
    rate = 0.8 * engine.stable_rate
    found = simulated(
        50_000,
        arrivals=Poisson(rate),
        services=exponential(MEANS),
        switching=Switching(STUCK, initial=level),
        law=LAW,
        workers=workers,
        crowding=CROWDING,
    )
    assert agrees(found.mean_response, sharing.ps(rate, engine).mean_response, 0.05)


def test_work_that_follows_is_the_chain_of_depth_and_level() -> None:
    """None is taken back, so the level rises with nobody left."""
    table = hysteretic(5, 0)
    paces = tuple(
        Pace(seconds=seconds, crowding=crowding)
        for seconds, crowding in zip(MEANS, CROWDING, strict=True)
    )
    chain = hysteresis.measure(LevelledQueue(1.8, paces, (1.0, 0.0), LAW), table)
    found = simulated(
        50_000,
        arrivals=Poisson(1.8),
        services=exponential(MEANS),
        switching=Switching(table, retime=True),
        law=LAW,
        crowding=CROWDING,
    )
    assert agrees(found.mean_number, chain.mean_number, 0.03)
    assert agrees(found.mean_response, chain.mean_response, 0.03)
    assert agrees(found.residency[1], chain.residency[1], 0.03)


def jobs_at(*arrivals: float, switching: Switching, cap: int) -> Records:
    """Jobs of 4 s and 1 s alone; each other lengthens them by a half and by the whole of that."""
    scenario = Scenario(
        arrivals=Trace(arrivals),
        services=(Deterministic(4.0), Deterministic(1.0)),
        law=BatchLaw(tau0=1.0, tau1=0.0, cap=cap),
        switching=switching,
        horizon=Horizon(jobs=len(arrivals)),
        crowding=(0.5, 1.0),
    )
    return simulate(scenario, 1)


def test_two_levels_in_one_worker_each_go_at_their_own_pace() -> None:
    records = jobs_at(0.0, 1.0, switching=Switching(stateless(2)), cap=2)
    # Together from 1 s: the second takes 2 s, in which the first does 2/1.5 of the 3 left.
    assert records.level.tolist() == [0, 1]
    assert records.finish == pytest.approx([3 + 3 - 2 / 1.5, 3.0])


def test_who_leaves_first_is_told_by_the_time_left_not_the_work_left() -> None:
    records = jobs_at(0.0, 2.9, switching=Switching(stateless(2)), cap=2)
    # At 2.9 s the first has 1.1 s of work left, the second 1 s, but 1.65 s and 2 s of time.
    assert records.finish == pytest.approx([2.9 + 1.65, 2.9 + 1.65 + 1 - 1.65 / 2])


def test_what_is_left_of_a_retimed_job_goes_at_the_pace_of_its_new_level() -> None:
    switching = Switching(stateless(3), retime=True)
    records = jobs_at(0.0, 1.0, 2.0, 4.3, switching=switching, cap=3)
    # At 2 s the first two have done 1 + 1/1.5 and 1/1.5 of 4; a quarter of the rest is left, 7/12
    # and 10/12, at a third of the pace. At 3.75 s the second has 1/4 left, the third 5/12, at half
    # the pace; at 4.25 s the third has 1/6. The fourth comes at the first level again.
    third = 4.3 + 2 * (1 / 6 - 0.05)
    assert records.last_level.tolist() == [1, 1, 1, 0]
    assert records.finish == pytest.approx([3.75, 4.25, third, third + 4 - (third - 4.3) / 1.5])


@pytest.mark.parametrize("retime", [False, True])
@pytest.mark.parametrize("apart", [0.0, 1e-15])
def test_clocks_that_go_alike_are_as_one(apart: float, retime: bool) -> None:
    queue = replace(switching_queue(3000, retime=retime), law=LAW)
    own = replace(queue, crowding=(0.2, 0.2 + apart, 0.2 - apart))
    shared, each = simulate(queue, 3), simulate(own, 3)
    assert (own.laws[0] == own.laws[1]) == (apart == 0)
    assert np.allclose(shared.finish, each.finish, rtol=0, atol=1e-9)
    assert (shared.last_level == each.last_level).all()


def test_a_level_without_a_crowding_is_slowed_as_the_law_says() -> None:
    queue = replace(switching_queue(), law=LAW, crowding=(None, 0.5, None))
    slowed = [law.slowdown(3) for law in queue.laws]
    assert slowed == pytest.approx([1.4, 2.0, 1.4])
    assert replace(queue, crowding=None).laws == (LAW,) * 3


def test_stability_is_by_what_full_workers_do_at_their_level() -> None:
    queue = Scenario(
        arrivals=Poisson(2.0),
        services=exponential(MEANS),
        switching=Switching(STUCK),
        law=LAW,
        workers=2,
        crowding=CROWDING,
    )
    assert utilisation_when_long(queue) == pytest.approx(2.0 / 2 * 1.3 / 4)
    lower = replace(queue, switching=Switching(stateless(3)))
    assert utilisation_when_long(lower) == pytest.approx(2.0 / 2 * 0.4 * 3.4 / 4)
    # Of levels that alternate, the one that does most: 4/1.3 jobs a second beside 4/(0.4·3.4).
    swapping = replace(queue, switching=Switching(np.array([[1], [0]])))
    assert utilisation_when_long(swapping) == pytest.approx(2.0 / 2 * 1.3 / 4)


@pytest.mark.parametrize("crowding", [(0.1,), (0.1, 0.2, 0.3), (0.1, 1.1), (-0.1, None)])
def test_bad_crowdings_are_refused(crowding: tuple[float | None, ...]) -> None:
    with pytest.raises(BadInput, match="crowding"):
        Scenario(
            arrivals=Poisson(1.0),
            services=exponential(MEANS),
            switching=Switching(STUCK),
            crowding=crowding,
        )
