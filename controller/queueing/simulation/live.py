"""The live system as a scenario: its policy, its profile, and the very `decide` it runs."""

from typing import Any

from controller.decide import Standing, decide
from controller.queueing.refusal import BadInput
from controller.queueing.replanning import replan
from controller.queueing.simulation.arrivals import Arrivals
from controller.queueing.simulation.run import Choose, View
from controller.queueing.simulation.scenario import Scenario, Switching
from controller.queueing.simulation.service import by_scv
from controller.queueing.switching import tabulate
from services.contract.forecast import Forecast, Pace, Rate
from services.contract.jobs import Queue
from services.contract.policy import Policy, PolicyState
from services.contract.profile import Cost, Profile
from services.contract.queues import QueueLoad

TICK_SECONDS = 0.25
"""Between two looks of the controller."""
LEAST_DEPTHS = 256
_LEASE = 1e18


def scenario(
    policy: Policy, profile: Profile, queue: Queue, *, arrivals: Arrivals, workers: int
) -> Scenario:
    """One queue of the system: the level by `policy` every tick, from work's start.

    Anything else is `dataclasses.replace`d: horizon, routing, deadline, how levels switch. Raises
    ProfileError where the profile lacks a level, BadInput where it lacks a quality that rules of
    the kind planned need.
    """
    ours = policy.of(queue)
    costs = _costs(ours, profile, queue)
    outlook = forecast(ours, profile, queue, rate=arrivals.rate, workers=workers)
    switching = Switching(
        tabulate(ours, _depths(ours, outlook), outlook),
        period=TICK_SECONDS,
        dwell=ours.rules.dwell_seconds,
    )
    return Scenario(
        arrivals=arrivals,
        services=tuple(by_scv(cost.seconds.value, cost.scv) for cost in costs),
        workers=workers,
        law=profile.law(queue),
        switching=switching,
        capacity=ours.rules.capacity,
        qualities=_qualities(costs),
    )


def forecast(
    policy: Policy, profile: Profile, queue: Queue, *, rate: float, workers: int
) -> Forecast:
    """The live model where all is as the profile says, with thresholds where rules plan them."""
    costs = _costs(policy.of(queue), profile, queue)
    paces = tuple(Pace(seconds=cost.seconds.value, scv=cost.scv) for cost in costs)
    known: dict[str, Any] = {"law": profile.law(queue), "workers": workers}
    found = Forecast(at=0.0, level=0, paces=paces, arrivals=Rate(value=rate), **known)
    rules, qualities = policy.of(queue).rules, _qualities(costs)
    if rules.kind != "planned" or rules.slo is None:
        return found
    if qualities is None:
        raise BadInput("planned rules need the quality of every level: measure it in the profile")
    planned = replan(found, rules.slo, qualities)
    return found.model_copy(update={"thresholds": planned.thresholds, "climb": planned.climb})


def deciding(policy: Policy, outlook: Forecast | None = None) -> Choose:
    """The live `decide` as a callback; unlike a table it heeds patience. `policy` is a queue's."""

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


def _costs(policy: Policy, profile: Profile, queue: Queue) -> list[Cost]:
    return [profile.cost(name, queue) for name in policy.names]


def _qualities(costs: list[Cost]) -> tuple[float, ...] | None:
    """Of every level, or of none."""
    known = tuple(cost.quality.value for cost in costs if cost.quality is not None)
    return known if len(known) == len(costs) else None


def _depths(policy: Policy, outlook: Forecast) -> int:
    """A depth from which on nothing changes; rules that predict are taken that far."""
    rows = map(len, policy.rules.table)
    return max([LEAST_DEPTHS, *policy.rules.thresholds, *outlook.thresholds, *rows])
