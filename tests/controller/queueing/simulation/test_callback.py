"""The slow path, a callback at every tick, beside the table."""

from collections.abc import Callable
from dataclasses import fields, replace

import numpy as np
import pytest

from controller.queueing.refusal import BadInput
from controller.queueing.simulation.arrivals import Trace
from controller.queueing.simulation.live import deciding
from controller.queueing.simulation.records import Records
from controller.queueing.simulation.run import View, simulate, simulate_with
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import Deterministic
from controller.queueing.switching import tabulate
from services.contract.profile import BatchLaw
from tests.controller.queueing.simulation.situations import stateless, switching_queue
from tests.controller.situations import ladder

POLICY = ladder(4, 8, hysteresis=2, dwell=2.0)
BATCH = BatchLaw(tau0=0.8, tau1=0.2, cap=3)


def live_queue(**changes: object) -> Scenario:
    queue = switching_queue(2000, rate=3.0, table=tabulate(POLICY, 20), period=0.25, dwell=2.0)
    return replace(queue, **changes)


def same(one: Records, other: Records) -> bool:
    arrays = [field.name for field in fields(Records)]
    return all(
        np.array_equal(getattr(one, name), getattr(other, name), equal_nan="f" in kind)
        for name in arrays
        for kind in [np.asarray(getattr(one, name)).dtype.kind]
    )


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"law": BATCH, "routing": "jsq"},
        {"law": BATCH, "crowding": (0.1, None, 0.9)},
        {"capacity": 9, "deadline": 2.5},
        {"workers": 5, "routing": "power-of-two", "deadline": 3.0},
    ],
)
def test_the_live_decide_and_its_table_give_the_same_records(changes: dict[str, object]) -> None:
    queue = live_queue(**changes)
    by_table = simulate(queue, 7)
    assert len(by_table.switch_time) > 20
    assert same(by_table, simulate_with(queue, 7, deciding(POLICY)))


@pytest.mark.parametrize("crowding", [None, (0.1, 0.4, 0.9)])
def test_retimed_work_is_the_same_on_both_paths(crowding: tuple[float, ...] | None) -> None:
    queue = live_queue(law=BATCH, crowding=crowding)
    queue = replace(queue, switching=replace(queue.switching, retime=True))
    by_table = simulate(queue, 7)
    assert (by_table.level != by_table.last_level).any()
    assert same(by_table, simulate_with(queue, 7, deciding(POLICY)))


def test_looking_often_changes_nothing() -> None:
    queue = live_queue(law=BATCH, switching=switching_queue().switching, workers=4)
    still = replace(queue.switching, table=np.zeros((3, 1), np.int64), period=0.05)
    often = simulate_with(replace(queue, switching=still), 2, lambda view: view.level)
    at_once = simulate(replace(queue, switching=replace(still, period=None)), 2)
    assert same(often, at_once)


def test_nor_does_it_where_jobs_in_a_worker_go_at_paces_of_their_own() -> None:
    table, crowding = stateless(4, 8)[0], (0.1, 0.4, 0.9)
    queue = live_queue(law=BATCH, crowding=crowding, workers=3)
    at_ticks = replace(queue.switching, table=stateless(4, 8), period=1.0, dwell=0.0)
    at_once = simulate(replace(queue, switching=at_ticks), 2)

    def every_fourth(view: View) -> int:
        on_tick = view.now % 1.0 == 0
        return int(table[min(view.depth, 8)]) if on_tick else view.level

    often = simulate_with(replace(queue, switching=replace(at_ticks, period=0.25)), 2, every_fourth)
    mixed = at_once.level[np.argsort(at_once.start)]
    assert (np.diff(mixed) != 0).sum() > 100
    assert np.array_equal(often.finish, at_once.finish)


def seen(scenario: Scenario, look: Callable[[View], None]) -> Records:
    def choose(view: View) -> int:
        look(view)
        return view.level

    return simulate_with(scenario, 3, choose)


def test_a_view_tells_what_the_records_say_later() -> None:
    views: list[tuple[float, int, int, float, int]] = []
    queue = live_queue(deadline=2.0)
    records = seen(
        queue, lambda v: views.append((v.now, v.waiting, v.running, v.oldest_age, v.arrived))
    )
    left = records.finish
    began = np.where(np.isnan(records.start), left, records.start)
    for now, waiting, running, age, arrived in views[:400]:
        came = records.arrival <= now
        waits = came & (began > now)
        assert arrived == came.sum()
        assert waiting == waits.sum()
        assert running == (came & (records.start <= now) & (left > now)).sum()
        assert age == (now - records.arrival[waits][0] if waits.any() else 0.0)


def test_a_tick_sees_what_happens_at_its_moment() -> None:
    queue = Scenario(
        arrivals=Trace((1.0, 2.0, 2.0)),
        services=(Deterministic(1.0), Deterministic(0.5)),
        horizon=Horizon(jobs=3),
        switching=Switching(stateless(2), period=0.25),
    )
    records = simulate(queue, 1)
    assert records.switch_time.tolist() == [0.0, 2.0, 3.0]
    table = stateless(2)[0]
    assert same(records, simulate_with(queue, 1, lambda view: int(table[view.depth])))


def test_patience_is_heeded_by_decide_alone() -> None:
    """One worker is stuck with depths below every threshold: only the age of the oldest tells."""
    patient = POLICY.model_copy(
        update={"rules": POLICY.rules.model_copy(update={"patience_seconds": 1.0})}
    )
    queue = live_queue()
    assert not same(simulate(queue, 7), simulate_with(queue, 7, deciding(patient)))
    lower = simulate_with(queue, 7, deciding(patient))
    assert lower.level.mean() > simulate(queue, 7).level.mean()


def test_the_log_of_levels_grows_as_needed() -> None:
    queue = live_queue()
    flapping = simulate_with(queue, 7, lambda view: 1 - view.level)
    ticks = int(flapping.end / 0.25)
    assert len(flapping.switch_time) - 1 in (ticks, ticks + 1)
    assert len(flapping.switch_time) > 1024
    table = np.array([[1], [0], [0]])
    switching = replace(queue.switching, table=table, dwell=0.0)
    assert same(flapping, simulate(replace(queue, switching=switching), 7))


def test_a_callback_needs_ticks() -> None:
    with pytest.raises(BadInput, match="period"):
        simulate_with(switching_queue(), 1, lambda view: view.level)
