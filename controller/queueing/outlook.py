"""The live system as models and simulations take it: from its policy and its profile."""

from collections.abc import Sequence
from typing import Any

from controller.queueing.refusal import BadInput, require_count, require_positive
from controller.queueing.replanning import replan
from controller.queueing.switching import Table, tabulate
from services.contract.forecast import Forecast, Pace, Rate
from services.contract.jobs import Queue
from services.contract.ladder import Level
from services.contract.policy import Policy
from services.contract.profile import Cost, Profile

LEAST_DEPTHS = 256


def costs(policy: Policy, profile: Profile, queue: Queue) -> list[Cost]:
    """By level, best first. Raises ProfileError where the profile lacks one."""
    return [profile.cost(name, queue) for name in policy.names]


def qualities(found: Sequence[Cost]) -> tuple[float, ...] | None:
    """Of every level, or of none."""
    known = tuple(cost.quality.value for cost in found if cost.quality is not None)
    return known if len(known) == len(found) else None


def retimes(levels: Sequence[Level], queue: Queue) -> bool:
    """Whether running jobs follow the level down: pictures do where all levels say so."""
    return queue == "images" and all(level.image.retime for level in levels)


def forecast(
    policy: Policy, profile: Profile, queue: Queue, *, rate: float, workers: int
) -> Forecast:
    """The live model where all is as the profile says, with thresholds where rules plan them.

    Raises ProfileError where the profile lacks a level, BadInput where it lacks a quality that
    rules of the kind planned need, and for a rate or workers that no queue has.
    """
    require_positive(rate=rate)
    require_count(workers=workers)
    ours = policy.of(queue)
    measured = costs(ours, profile, queue)
    paces = tuple(
        Pace(seconds=cost.seconds.value, scv=cost.scv, crowding=cost.crowding) for cost in measured
    )
    known: dict[str, Any] = {"law": profile.law(queue), "workers": workers}
    found = Forecast(at=0.0, level=0, paces=paces, arrivals=Rate(value=rate), **known)
    rules, worth = ours.rules, qualities(measured)
    if rules.kind != "planned" or rules.slo is None:
        return found
    if worth is None:
        raise BadInput("planned rules need the quality of every level: measure it in the profile")
    planned = replan(found, rules.slo, worth)
    return found.model_copy(update={"thresholds": planned.thresholds, "climb": planned.climb})


def table(policy: Policy, outlook: Forecast, oldest_age: float = 0.0) -> Table:
    """What a queue's policy does at every depth, as far as that changes, the oldest job having
    waited so long (seconds); rules that predict are asked for the first 256 depths."""
    rows = map(len, policy.rules.table)
    depths = max([LEAST_DEPTHS, *policy.rules.thresholds, *outlook.thresholds, *rows])
    return tabulate(policy, depths, outlook, oldest_age)
