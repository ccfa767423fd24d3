"""Thresholds planned anew in the middle of a simulation, by the live controller's rule."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from controller.model import Thresholds
from controller.occasion import Choose
from controller.queueing import outlook
from controller.queueing.replanning import replan
from controller.queueing.simulation import live
from controller.queueing.simulation.arrivals import Poisson, Steps
from controller.queueing.simulation.planner import LOOK_SECONDS, planned, settled
from controller.queueing.simulation.records import Status
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon
from services.contract.forecast import Forecast, Rate
from tests.controller.queueing.simulation.planned import (
    RATE,
    SLO,
    Known,
    planning,
    queue,
    replanned,
)
from tests.controller.queueing.simulation.test_callback import same
from tests.controller.queueing.simulation.test_live import QUALITIES, profile, ruled


class Watcher(NamedTuple):
    """One that keeps what it was shown, and knows no rate."""

    shown: list[tuple[int, float]]
    rate: Rate | None = None

    def seen(self, counted: int, now: float) -> "Watcher":
        self.shown.append((counted, now))
        return self


@pytest.mark.parametrize("rules", [{}, {"patience_seconds": 0.5}])
def test_who_knows_the_rate_has_the_plan_for_it_from_the_beginning(rules: dict) -> None:
    scenario = queue(Known(), **rules)
    found, fixed = simulate(scenario, 3), simulate(replanned(scenario, None), 3)
    assert len(found.switch_time) > 50
    assert same(found, fixed)


def test_an_estimate_leads_to_other_levels_than_the_truth_and_the_same_ones_again() -> None:
    scenario = queue()
    found = simulate(scenario, 3)
    assert not same(found, simulate(replanned(scenario, None), 3))
    assert same(found, simulate(scenario, 3))


def test_until_arrivals_are_known_the_level_stays_or_goes_by_the_rules_own_thresholds() -> None:
    """The first plan is made at the second look, and obeyed from the decision after the next on."""
    staying, own = simulate(queue(), 3), simulate(queue(thresholds=(1, 2)), 3)
    assert staying.switch_time[1] == pytest.approx(LOOK_SECONDS * 2 + live.TICK_SECONDS)
    assert own.switch_time[1] <= LOOK_SECONDS


def test_a_plan_comes_into_force_one_look_after_it_was_begun() -> None:
    how = planning(queue())
    begun = how.begin()
    known = how.look(begun._replace(watching=Known()), 0, 1.0)
    assert (known.plan, known.tables) == (None, begun.tables)
    assert known.under_way is not None
    after = how.look(known, 0, 2.0)
    assert after.plan == known.under_way
    assert after.under_way is None
    assert after.tables.table[0, -1] == 2


def test_what_is_planned_decides_the_levels() -> None:
    """Levels are left once the rate that is planned for says so, though the queue was as deep."""
    scenario = queue(settled(RATE), Steps((RATE, 2 * RATE), (100.0,)))
    how = replace(planning(scenario), plan=once_above(1.5 * RATE))
    scenario = replace(replanned(scenario, how), horizon=Horizon(seconds=200.0))
    found = simulate(scenario, 1)
    assert found.depth(np.arange(100.0)).max() > 2
    assert found.residency(0.0, 100.0)[0] == 1
    assert found.residency(150.0, 200.0)[0] < 0.5


def once_above(rate: float) -> Choose:
    def plan(found: Forecast, _start: Thresholds | None) -> Thresholds:
        if found.arrivals.value > rate:
            return Thresholds((1, 2), (0, 0))
        return Thresholds((900, 1000), (0, 0))

    return plan


@pytest.mark.parametrize("capacity", [3, None])
def test_jobs_are_counted_but_for_those_that_are_refused(capacity: int | None) -> None:
    watcher = Watcher([])
    scenario = replace(queue(watcher), capacity=capacity)
    found = simulate(scenario, 1)
    accepted = found.arrival[found.status != Status.LOST]
    assert (len(accepted) < 0.9 * len(found.arrival)) is (capacity is not None)
    assert len(watcher.shown) > 100
    for counted, now in watcher.shown:
        assert counted == np.searchsorted(accepted, now, side="right")


def test_rates_that_are_near_share_a_plan_and_it_is_the_live_one() -> None:
    policy = ruled(kind="planned", slo=SLO)
    measured, worth = profile("best", "good", "fair"), tuple(QUALITIES.values())
    known = outlook.forecast(policy, measured, "images", rate=RATE, workers=2)
    plans = {
        planned(known.model_copy(update={"arrivals": Rate(value=share * RATE)}), SLO, worth)
        for share in (0.99, 1.0, 1.01)
    }
    assert plans == {(known.thresholds, known.climb)}
    nobody = known.model_copy(update={"arrivals": Rate(value=0.0)})
    assert planned(nobody, SLO, worth) == replan(nobody, SLO, worth)


def test_rules_of_other_kinds_are_not_planned_anew() -> None:
    for policy in (ruled(kind="slo", slo=SLO), ruled(thresholds=(4, 8))):
        made = live.scenario(
            policy, profile("best", "good", "fair"), "images", arrivals=Poisson(RATE), workers=2
        )
        assert made.switching.replanning is None
