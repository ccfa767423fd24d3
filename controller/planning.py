"""Thresholds planned anew as load and service times drift, beside the loop that decides."""

import hashlib
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from controller.model import Thresholds
from controller.occasion import PERIOD_SECONDS, Plan, plan_for, reason_to_plan
from services.contract import rules
from services.contract.forecast import Forecast, Origin, Rate
from services.contract.jobs import Queue
from services.contract.policy import Policy, PolicyError
from services.contract.profile import Profile
from services.contract.queues import ARRIVAL_WINDOW_SECONDS, Load
from services.contract.rules import PolicyRules, Slo

logger = logging.getLogger(__name__)

Replan = Callable[[Forecast, Slo, tuple[float, ...], Thresholds | None], Thresholds]
"""Gives thresholds for a target and the qualities of the levels, by steps from those given, if
any."""


class Planner:
    """Plans the thresholds of one queue in a thread of its own; the loop never waits for it."""

    def __init__(
        self, names: tuple[str, ...], origin: Origin, qualities: tuple[float, ...], replan: Replan
    ) -> None:
        self._names = names
        self.origin = origin
        self._qualities = qualities
        self._replan = replan
        self._executor = ThreadPoolExecutor(1, "planner")
        self._under_way: Future[Plan] | None = None
        self._not_before = 0.0
        self.plan: Plan | None = None

    def resume(self, found: Forecast) -> Thresholds | None:
        """Go on from the plan of the leader before; None where it planned for anything else."""
        if found.origin != self.origin:
            return None
        chosen = Thresholds(found.thresholds, found.climb)
        try:
            _check(chosen, self._names)
        except ValueError:
            return None
        self.plan = Plan(chosen, found, "by the leader before")
        return chosen

    def turn(self, found: Forecast) -> Plan | None:
        """Take a plan that is ready, or begin one if there is a reason to: the new plan, if any.

        Raises what planning raised, and does not try again for a while.
        """
        under_way = self._under_way
        if under_way is not None and under_way.done():
            self._under_way, self._not_before = None, found.at + PERIOD_SECONDS
            self.plan = under_way.result()
            self._not_before = 0.0
            return self.plan
        why = None if under_way else reason_to_plan(found, self.plan)
        if why is not None and found.at >= self._not_before:
            self._under_way = self._executor.submit(self._make, found, why, self.plan)
        return None

    def once(self, found: Forecast) -> Plan | None:
        """A first plan, waited for; None where planning failed, of which the log tells."""
        try:
            return self._make(found, "the first plan", None)
        except Exception:  # whoever asks can do the rest without a plan
            logger.exception("cannot plan thresholds")
            return None

    def _make(self, found: Forecast, why: str, before: Plan | None) -> Plan:
        begun = time.monotonic()
        made = plan_for(found, why, before, self._choose)
        return made._replace(seconds=time.monotonic() - begun)

    def _choose(self, found: Forecast, start: Thresholds | None) -> Thresholds:
        chosen = self._replan(found, self.origin.slo, self._qualities, start)
        _check(chosen, self._names)
        return chosen


def _check(chosen: Thresholds, names: tuple[str, ...]) -> None:
    """Raise ValueError for thresholds that a policy file might not have either."""
    rules.check(PolicyRules(**chosen._asdict()), names)


def planner(policy: Policy, queue: Queue, profile: Profile | None) -> Planner | None:
    """For a queue whose rules are planned. Raises PolicyError where nothing can plan."""
    asked = policy.rules_of(queue)
    if asked.kind != "planned" or asked.slo is None or profile is None:
        return None
    qualities = _qualities(policy, queue, profile)
    origin = Origin(slo=asked.slo, levels=_digest(policy))
    return Planner(policy.names, origin, qualities, _replanning())


def _digest(policy: Policy) -> str:
    """Of the levels: the same name may stand for other work after an edit of policy.toml."""
    levels = "\n".join(level.model_dump_json() for level in policy.levels)
    return hashlib.sha256(levels.encode()).hexdigest()[:16]


def watched_for(load: Load) -> Rate:
    """Arrivals a second for who has looked only once: those of the last minute, of both queues
    together, which is as many as one of them can have had; the error is that of a Poisson count,
    with Jeffreys' half an arrival (H. Jeffreys 1946)."""
    seen = load.arrival_rate * ARRIVAL_WINDOW_SECONDS
    return Rate(value=load.arrival_rate, error=math.sqrt(seen + 0.5) / ARRIVAL_WINDOW_SECONDS)


def _replanning() -> Replan:
    try:
        from controller.queueing.replanning import replan  # noqa: PLC0415 - the others need no numpy
    except ImportError as error:
        raise PolicyError(
            f"rules of the kind planned need what plans them ({error}): pip install '.[planning]'"
        ) from error
    return replan


def _qualities(policy: Policy, queue: Queue, profile: Profile) -> tuple[float, ...]:
    """As measured; where one was not, each level is as much better than the next as any other."""
    found = [profile.cost(name, queue).quality for name in policy.names]
    if all(found):
        return tuple(quality.value for quality in found if quality)
    logger.warning("the profile has no quality for %s: levels are planned by their order", queue)
    return tuple(float(len(found) - i) for i in range(len(found)))
