"""Thresholds planned anew in the middle of a simulation, by the live controller's rule."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from controller.control import LEARN_SECONDS
from controller.model import Thresholds
from controller.planning import DRIFT, REST_SECONDS
from controller.queueing import outlook
from controller.queueing.replanning import replan
from controller.queueing.simulation import live
from controller.queueing.simulation.arrivals import Arrivals, Poisson, Steps
from controller.queueing.simulation.planner import (
    LOOK_SECONDS,
    STEP,
    Estimator,
    Progress,
    Replanning,
    planned,
    settled,
)
from controller.queueing.simulation.records import Status
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario
from services.contract.forecast import Forecast, Rate
from services.contract.rules import Slo
from tests.controller.queueing.simulation.test_callback import same
from tests.controller.queueing.simulation.test_live import QUALITIES, profile, ruled

SLO = Slo(seconds=4.0)
RATE = STEP**37
"""About 3 a second, and one of those that are planned for."""


class Known(NamedTuple):
    """An estimator that was told the rate."""

    rate: Rate | None = Rate(value=RATE)

    def seen(self, _counted: int, _now: float) -> "Known":
        return self


class Seer(NamedTuple):
    """One that sees at once that twice as many come from a time on, and is never in doubt."""

    step: float
    rate: Rate | None = Rate(value=RATE)

    def seen(self, _counted: int, now: float) -> "Seer":
        return self if now < self.step else Seer(self.step, Rate(value=2 * RATE))


class Watcher(NamedTuple):
    """One that keeps what it was shown, and knows no rate."""

    shown: list[tuple[int, float]]
    rate: Rate | None = None

    def seen(self, counted: int, now: float) -> "Watcher":
        self.shown.append((counted, now))
        return self


def queue(
    estimator: Estimator | None = None, arrivals: Arrivals | None = None, **rules: object
) -> Scenario:
    policy = ruled(kind="planned", slo=SLO, **rules)
    made = live.scenario(
        policy,
        profile("best", "good", "fair"),
        "images",
        arrivals=arrivals or Poisson(RATE),
        workers=2,
    )
    made = replace(made, horizon=Horizon(jobs=2000))
    if estimator is None:
        return made
    return replanned(made, replace(planning(made), estimator=estimator))


def planning(scenario: Scenario) -> Replanning:
    found = scenario.switching.replanning
    assert found is not None
    return found


def replanned(scenario: Scenario, how: Replanning | None) -> Scenario:
    return replace(scenario, switching=replace(scenario.switching, replanning=how))


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


@pytest.mark.parametrize("step", [12, 13, 17, 99])
def test_who_sees_a_step_at_once_has_the_plan_for_it_within_the_rest_time(step: int) -> None:
    """And not before it: two looks, of which the first may fall into the rest after a plan."""
    how = planning(queue(Seer(step)))
    progress, told = how.begin(), {}
    for now in range(1, 120):
        progress = how.look(progress, 0, float(now))
        told.setdefault(planned_for(progress), now)
    rates = [rate for rate in told if rate != RATE]
    assert rates == [2 * RATE]
    assert step < told[2 * RATE] <= step + REST_SECONDS + LOOK_SECONDS


@pytest.mark.parametrize("drift", [0.5, 2.0])
def test_thresholds_follow_the_estimate_of_a_step_within_the_rest_time(drift: float) -> None:
    how, step = planning(queue(settled(RATE))), 100
    times = Steps((RATE, drift * RATE), (step,)).first(1500, np.random.default_rng(5))
    progress, plans, off = how.begin(), [], 0
    for now in range(1, int(times[-1])):
        progress = how.look(progress, int(np.searchsorted(times, now)), float(now))
        plans.append(planned_for(progress))
        # Of one that drifted while it rested the next is begun with that look, in force with the
        # one after.
        off = off + 1 if rested(progress, now) and drifted(progress) else 0
        assert off < 2
    assert abs(plans[step - 1] / RATE - 1) < 0.2
    assert abs(plans[-1] / (drift * RATE) - 1) < 0.2
    assert progress.plan.chosen != how.begin().plan.chosen


def rested(progress: Progress, now: float) -> bool:
    assert progress.plan is not None
    return now - progress.plan.basis.at >= REST_SECONDS


def planned_for(progress: Progress) -> float:
    assert progress.plan is not None
    return progress.plan.basis.arrivals.value


def drifted(progress: Progress) -> bool:
    rate = progress.watching.rate
    assert rate is not None
    return abs(rate.value - planned_for(progress)) > DRIFT * rate.error


def test_what_is_planned_decides_the_levels() -> None:
    """Levels are left once the rate that is planned for says so, though the queue was as deep."""
    scenario = queue(settled(RATE), Steps((RATE, 2 * RATE), (100.0,)))
    how = replace(planning(scenario), plan=once_above(1.5 * RATE))
    scenario = replace(replanned(scenario, how), horizon=Horizon(seconds=200.0))
    found = simulate(scenario, 1)
    assert found.depth(np.arange(100.0)).max() > 2
    assert found.residency(0.0, 100.0)[0] == 1
    assert found.residency(150.0, 200.0)[0] < 0.5


def once_above(rate: float) -> Callable[[Forecast], Thresholds]:
    def plan(found: Forecast) -> Thresholds:
        if found.arrivals.value > rate:
            return Thresholds((1, 2), (0, 0))
        return Thresholds((900, 1000), (0, 0))

    return plan


def test_jobs_that_are_refused_are_not_counted() -> None:
    watcher = Watcher([])
    scenario = replace(queue(watcher), capacity=3)
    found = simulate(scenario, 1)
    accepted = found.arrival[found.status != Status.LOST]
    assert len(accepted) < 0.9 * len(found.arrival)
    assert len(watcher.shown) > 100
    for counted, now in watcher.shown:
        assert counted == np.searchsorted(accepted, now, side="right")


def test_it_looks_as_often_as_the_live_controller() -> None:
    assert LOOK_SECONDS == LEARN_SECONDS


def test_who_has_watched_for_long_is_as_sure_as_a_poisson_count_of_twice_its_memory() -> None:
    watching = settled(2.7)
    assert watching.rate is not None
    assert watching.rate.value == pytest.approx(2.7, rel=0.01)
    assert watching.rate.error == pytest.approx(math.sqrt(2.7 / (2 * watching.memory)), rel=0.05)
    assert watching.seen(0, 0.0) == watching


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
    assert planned(nobody, SLO, worth) == Thresholds(*replan(nobody, SLO, worth))


def test_rules_of_other_kinds_are_not_planned_anew() -> None:
    for policy in (ruled(kind="slo", slo=SLO), ruled(thresholds=(4, 8))):
        made = live.scenario(
            policy, profile("best", "good", "fair"), "images", arrivals=Poisson(RATE), workers=2
        )
        assert made.switching.replanning is None
