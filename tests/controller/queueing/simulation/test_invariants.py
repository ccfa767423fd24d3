"""What holds in every scenario, whatever its numbers."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.queueing.simulation.arrivals import Gamma, Poisson
from controller.queueing.simulation.records import Status
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from services.contract.profile import BatchLaw
from tests.controller.queueing.simulation.situations import hysteretic

ROUTINGS = ("shared", "jsq", "power-of-two", "random", "round-robin")

switchings = st.builds(
    Switching,
    st.just(hysteretic(4, 1)),
    period=st.sampled_from([None, 0.25]),
    dwell=st.sampled_from([0.0, 1.0]),
    moment=st.sampled_from(["start", "arrival"]),
    retime=st.booleans(),
)
scenarios = st.builds(
    Scenario,
    arrivals=st.builds(Gamma, st.floats(0.5, 5.0), st.floats(0.2, 5.0)),
    services=st.tuples(
        st.builds(by_scv, st.floats(0.5, 2.0), st.sampled_from([0.0, 0.3, 1.0, 4.0])),
        st.builds(by_scv, st.floats(0.1, 0.5), st.sampled_from([0.0, 0.3, 1.0, 4.0])),
    ),
    horizon=st.just(Horizon(jobs=300)),
    workers=st.integers(1, 4),
    law=st.builds(BatchLaw, tau0=st.floats(0.1, 1), tau1=st.floats(0, 1), cap=st.integers(1, 5)),
    routing=st.sampled_from(ROUTINGS),
    switching=switchings,
    capacity=st.one_of(st.none(), st.integers(1, 12)),
    deadline=st.one_of(st.none(), st.floats(0.2, 5.0)),
    crowding=st.one_of(st.none(), st.tuples(st.floats(0, 1), st.floats(0, 1))),
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(scenarios, st.integers(0, 99))
def test_every_job_is_finished_lost_or_dropped(scenario: Scenario, seed: int) -> None:
    records = simulate(scenario, seed)
    lost, dropped = records.status == Status.LOST, records.status == Status.DROPPED
    assert (records.done | lost | dropped).all()
    assert scenario.capacity is not None or not lost.any()
    assert scenario.deadline is not None or not (dropped | (records.status == Status.LATE)).any()
    assert (np.isnan(records.start) == (lost | dropped)).all()
    assert (np.isnan(records.finish) == lost).all()
    assert records.wait[records.done].min(initial=0.0) >= 0
    assert (records.finish >= records.start)[records.done].all()
    assert records.depth(np.array([records.end + 1])) == [0]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(scenarios, st.integers(0, 99))
def test_no_limit_is_exceeded(scenario: Scenario, seed: int) -> None:
    records = simulate(scenario, seed)
    times = records.arrival[records.status != Status.LOST]
    if scenario.capacity is not None:
        assert (records.depth(times) <= scenario.capacity).all()
    if scenario.deadline is not None:
        left = records.finish - records.arrival
        late = records.status == Status.LATE
        assert (left[late] > scenario.deadline).all()
        assert (left[records.status == Status.FINISHED] <= scenario.deadline).all()
        assert np.allclose(left[records.status == Status.DROPPED], scenario.deadline)
        assert (records.wait[records.done] <= scenario.deadline).all()
    for worker in range(scenario.workers):
        mine = records.done & (records.worker == worker)
        begun = np.searchsorted(np.sort(records.start[mine]), times, side="right")
        ended = np.searchsorted(np.sort(records.finish[mine]), times, side="right")
        assert (begun - ended).max(initial=0) <= scenario.law.cap


@settings(max_examples=100, deadline=None, derandomize=True)
@given(scenarios, st.integers(0, 99))
def test_each_queue_is_served_in_order(scenario: Scenario, seed: int) -> None:
    records = simulate(scenario, seed)
    begun = ~np.isnan(records.start)
    for worker in range(1 if scenario.routing == "shared" else scenario.workers):
        mine = begun if scenario.routing == "shared" else begun & (records.worker == worker)
        assert (np.diff(records.start[mine]) >= 0).all()


@settings(max_examples=100, deadline=None, derandomize=True)
@given(scenarios, st.integers(0, 99))
def test_no_work_is_made_or_lost(scenario: Scenario, seed: int) -> None:
    """Little's law over the whole run, and busy time between its bounds."""
    records = simulate(scenario, seed)
    accepted = records.status != Status.LOST
    spent = (records.finish - records.arrival)[accepted].sum()
    assert np.isclose(records.depth_seconds(0, records.end), spent)
    busy = records.busy_seconds(0, records.end)
    in_service = (records.finish - records.start)[records.done].sum()
    assert in_service / scenario.law.cap - 1e-6 <= busy <= in_service + 1e-6
    assert np.isclose(records.residency(0, records.end).sum(), 1)


def test_policies_meet_the_same_jobs() -> None:
    one = Scenario(arrivals=Poisson(2.0), services=(by_scv(0.8, 1.0),), horizon=Horizon(jobs=500))
    other = replace(
        one,
        services=(by_scv(0.8, 1.0), by_scv(0.2, 1.0)),
        switching=Switching(hysteretic(3, 1)),
        workers=3,
        routing="random",
    )
    first, second = simulate(one, 5), simulate(other, 5)
    assert (first.arrival == second.arrival).all()
    worked = np.where(second.level == 0, 1.0, 4.0) * (second.finish - second.start)
    assert np.allclose(worked, first.finish - first.start)


def test_a_seed_gives_one_run_and_another_seed_another() -> None:
    queue = Scenario(arrivals=Poisson(0.5), services=(by_scv(1.0, 1.0),), horizon=Horizon(jobs=500))
    assert (simulate(queue, 5).finish == simulate(queue, 5).finish).all()
    assert (simulate(queue, 5).finish != simulate(queue, 6).finish).all()
