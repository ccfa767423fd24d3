"""The live system as a scenario: its policy, its profile, and the very `decide` it runs."""

import math
from functools import cache

from controller.decide import Standing, decide
from controller.queueing.outlook import costs, forecast, qualities, retimes, table
from controller.queueing.simulation.arrivals import Arrivals
from controller.queueing.simulation.planner import Replanning, Tables, planned
from controller.queueing.simulation.run import Choose, View
from controller.queueing.simulation.scenario import Scenario, Switching
from controller.queueing.simulation.service import by_scv
from services.contract.forecast import Forecast
from services.contract.jobs import Queue
from services.contract.policy import Policy, PolicyState
from services.contract.profile import Profile
from services.contract.queues import QueueLoad

TICK_SECONDS = 0.25
"""Between two looks of the controller."""
_LEASE = 1e18


def scenario(
    policy: Policy, profile: Profile, queue: Queue, *, arrivals: Arrivals, workers: int
) -> Scenario:
    """One queue of the system: the level by `policy` every tick, from work's start, and down with
    it where the levels let running pictures follow. Rules of the kind planned are planned anew as
    arrivals drift, by a controller that begins with the load; the table is the plan for its rate.

    Anything else is `dataclasses.replace`d: horizon, routing, deadline, how levels switch. Raises
    ProfileError where the profile lacks a level, BadInput where it lacks a quality that rules of
    the kind planned need.
    """
    ours = policy.of(queue)
    measured = costs(ours, profile, queue)
    outlook = forecast(ours, profile, queue, rate=arrivals.rate, workers=workers)
    patience = ours.rules.patience_seconds
    switching = Switching(
        table(ours, outlook),
        period=TICK_SECONDS,
        dwell=ours.rules.dwell_seconds,
        retime=retimes(ours.levels, queue),
        patience=patience,
        impatient=None if patience is None else table(ours, outlook, math.inf),
        replanning=_replanning(ours, outlook, qualities(measured)),
    )
    return Scenario(
        arrivals=arrivals,
        services=tuple(by_scv(cost.seconds.value, cost.scv) for cost in measured),
        workers=workers,
        law=profile.law(queue),
        switching=switching,
        capacity=ours.rules.capacity,
        qualities=qualities(measured),
        crowding=tuple(cost.crowding for cost in measured),
    )


def _replanning(
    policy: Policy, outlook: Forecast, worth: tuple[float, ...] | None
) -> Replanning | None:
    slo = policy.rules.slo
    if policy.rules.kind != "planned" or slo is None or worth is None:
        return None
    patience = policy.rules.patience_seconds

    @cache
    def tables(found: Forecast) -> Tables:
        calm = table(policy, found)
        return Tables(calm, calm if patience is None else table(policy, found, math.inf))

    known = outlook.model_copy(update={"thresholds": (), "climb": ()})
    return Replanning(known, lambda found, start: planned(found, slo, worth, start), tables)


def deciding(policy: Policy, outlook: Forecast | None = None) -> Choose:
    """The live `decide` as a callback, whatever the tables say. `policy` is a queue's."""

    def choose(view: View) -> int:
        load = QueueLoad(
            waiting=view.waiting,
            running=view.running,
            oldest_age=view.oldest_age,
            service_mean=0.0,
            workers=view.records.workers,
        )
        standing = Standing(state=_in_force(policy, view), forecast=outlook)
        return decide(load, standing, policy, view.now).index

    return choose


def _in_force(policy: Policy, view: View) -> PolicyState:
    return PolicyState(
        epoch=1,
        version=1,
        index=view.level,
        level=policy.levels[view.level],
        reason="",
        since=view.since,
        lease_until=_LEASE,
    )
