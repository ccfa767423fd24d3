"""Scenarios whose thresholds are planned anew."""

from dataclasses import replace
from typing import NamedTuple

from controller.queueing.simulation import live
from controller.queueing.simulation.arrivals import Arrivals, Poisson
from controller.queueing.simulation.planner import STEP, Estimator, Progress, Replanning
from controller.queueing.simulation.scenario import Horizon, Scenario
from services.contract.forecast import Rate
from services.contract.rules import Slo
from tests.controller.queueing.simulation.test_live import profile, ruled

SLO = Slo(seconds=4.0)
RATE = STEP**37
"""About 3 a second, and one of those that are planned for."""


class Known(NamedTuple):
    """An estimator that was told the rate."""

    rate: Rate | None = Rate(value=RATE)

    def seen(self, _counted: int, _now: float) -> "Known":
        return self


def queue(
    estimator: Estimator | None = None, arrivals: Arrivals | None = None, **rules: object
) -> Scenario:
    """Three levels on two workers."""
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
    """How it plans."""
    found = scenario.switching.replanning
    assert found is not None
    return found


def replanned(scenario: Scenario, how: Replanning | None) -> Scenario:
    """The same planned so; None: never again."""
    return replace(scenario, switching=replace(scenario.switching, replanning=how))


def planned_for(progress: Progress) -> float:
    """The rate that the thresholds in force were planned for."""
    assert progress.plan is not None
    return progress.plan.basis.arrivals.value
