"""Thresholds planned in a simulation follow what the live estimator makes of the arrivals."""

import math
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pytest

from controller.control import LEARN_SECONDS
from controller.model import Thresholds
from controller.occasion import DRIFT, REST_SECONDS, WHOLE_SECONDS
from controller.queueing.simulation.arrivals import Steps
from controller.queueing.simulation.planner import LOOK_SECONDS, Progress, settled
from services.contract.forecast import Forecast, Rate
from tests.controller.queueing.simulation.planned import RATE, planned_for, planning, queue


class Seer(NamedTuple):
    """One that sees at once that so many times as many come from a time on, and is never in
    doubt."""

    step: float
    factor: float = 2.0
    rate: Rate | None = Rate(value=RATE)

    def seen(self, _counted: int, now: float) -> "Seer":
        return self if now < self.step else self._replace(rate=Rate(value=self.factor * RATE))


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


@pytest.mark.parametrize(("factor", "stepped"), [(1.3, True), (2.0, False)])
def test_plans_go_by_steps_where_those_of_the_live_controller_do(
    factor: float, stepped: bool
) -> None:
    """Not those of a load far from the last plan's, and one in five minutes."""
    starts: list[tuple[float, Thresholds | None]] = []
    how = planning(queue(Seer(100, factor)))
    plan = how.plan

    def watched(found: Forecast, start: Thresholds | None) -> Thresholds:
        starts.append((found.at, start))
        return plan(found, start)

    how = replace(how, plan=watched)
    progress = how.begin()
    chosen = progress.plan.chosen
    for now in range(1, int(WHOLE_SECONDS) + 100):
        progress = how.look(progress, 0, float(now))
    assert starts[0] == (0.0, None)
    assert dict(starts)[60.0] == chosen
    assert (dict(starts)[100.0] == chosen) is stepped
    whole = [at for at, start in starts if start is None]
    assert whole == ([0.0, 340.0] if stepped else [0.0, 100.0])


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


def drifted(progress: Progress) -> bool:
    rate = progress.watching.rate
    assert rate is not None
    return abs(rate.value - planned_for(progress)) > DRIFT * rate.error


def test_it_looks_as_often_as_the_live_controller() -> None:
    assert LOOK_SECONDS == LEARN_SECONDS


def test_who_has_watched_for_long_is_as_sure_as_a_poisson_count_of_twice_its_memory() -> None:
    watching = settled(2.7)
    assert watching.rate is not None
    assert watching.rate.value == pytest.approx(2.7, rel=0.01)
    assert watching.rate.error == pytest.approx(math.sqrt(2.7 / (2 * watching.memory)), rel=0.05)
    assert watching.seen(0, 0.0) == watching
