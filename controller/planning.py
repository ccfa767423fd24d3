"""Thresholds planned anew as load and service times drift, beside the loop that decides."""

import hashlib
import logging
import math
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple

from controller.model import Thresholds
from services.contract import rules
from services.contract.forecast import Forecast, Origin, Rate
from services.contract.jobs import Queue
from services.contract.policy import Policy, PolicyError
from services.contract.profile import Profile
from services.contract.queues import ARRIVAL_WINDOW_SECONDS, Load
from services.contract.rules import PolicyRules, Slo

logger = logging.getLogger(__name__)

PERIOD_SECONDS = 60.0
REST_SECONDS = 5.0
DRIFT = 2.0
"""Standard errors that an estimate is off the one planned with before it counts as drifted."""
WHOLE_SECONDS = 300.0
NEARBY = 1.5
"""How many times the utilisation may change for a plan to go by steps from the one before it, which
judges less than half of what a search of all does and, up to there, misses nothing worth having;
every 300 s all are searched in any case, for steps end at the first thresholds none betters."""

Replan = Callable[[Forecast, Slo, tuple[float, ...], Thresholds | None], Any]
"""Gives an object with `thresholds` and `climb`, by steps from the thresholds given, if any."""


class Plan(NamedTuple):
    """Thresholds, what they were planned for, why then, how long that took, and when all thresholds
    were searched last."""

    chosen: Thresholds
    basis: Forecast
    why: str
    seconds: float = 0.0
    searched_at: float = -math.inf

    @property
    def told(self) -> str:
        """For the log and the stream of decisions."""
        rate, levels = self.basis.arrivals, ", ".join
        return (
            f"planned anew for {rate.value:.3g} ± {rate.error:.2g} arrivals a second: levels are "
            f"left at {levels(map(str, self.chosen.thresholds))}, regained at "
            f"{levels(map(str, self.chosen.climb))} ({self.why})"
        )


def at_first_sight(found: Forecast) -> Forecast:
    """The model with as many arrivals as its error lets there be.

    Who has watched for a second may have seen the first jobs of a burst: thresholds that are too
    low cost quality for a few seconds, until the next plan, those too high a queue.
    """
    rate = found.arrivals
    cautious = Rate(value=rate.value + rate.error, error=rate.error)
    return found.model_copy(update={"arrivals": cautious})


def reason_to_plan(found: Forecast, plan: Plan | None) -> str | None:
    """Why thresholds should be planned now; None while the last ones are good."""
    if plan is None:
        return "the first plan"
    age = found.at - plan.basis.at
    if age >= PERIOD_SECONDS:
        return f"the last plan is {age:.0f} s old"
    return None if age < REST_SECONDS else _drift(found, plan.basis)


def _drift(found: Forecast, basis: Forecast) -> str | None:
    if found.workers != basis.workers:
        return f"there are {found.workers} workers, not {basis.workers}"
    was, rate = basis.arrivals.value, found.arrivals
    if abs(rate.value - was) > DRIFT * rate.error:
        return f"arrivals went from {was:.3g} to {rate.value:.3g} a second"
    for level, (now, before) in enumerate(zip(found.paces, basis.paces, strict=True)):
        if abs(now.seconds / before.seconds - 1) > DRIFT * now.error:
            return f"level {level} takes {now.seconds:.3g} s, not {before.seconds:.3g} s"
    return None


def start_of(found: Forecast, plan: Plan | None) -> Thresholds | None:
    """The thresholds to take steps from; None where all are to be searched."""
    if plan is None or found.at - plan.searched_at >= WHOLE_SECONDS:
        return None
    if found.workers != plan.basis.workers:
        return None
    now, before = _load(found), _load(plan.basis)
    return plan.chosen if before / NEARBY <= now <= before * NEARBY else None


def _load(found: Forecast) -> float:
    """Work that comes a second, in seconds of a job alone at the last level."""
    return found.arrivals.value * found.paces[-1].seconds


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
            basis = found if self.plan else at_first_sight(found)
            self._under_way = self._executor.submit(self._make, basis, why, self.plan)
        return None

    def once(self, found: Forecast) -> Plan | None:
        """A first plan, waited for; None where planning failed, of which the log tells."""
        try:
            return self._make(at_first_sight(found), "the first plan", None)
        except Exception:  # whoever asks can do the rest without a plan
            logger.exception("cannot plan thresholds")
            return None

    def _make(self, found: Forecast, why: str, before: Plan | None) -> Plan:
        begun, start = time.monotonic(), start_of(found, before)
        made = self._replan(found, self.origin.slo, self._qualities, start)
        chosen = Thresholds(tuple(map(int, made.thresholds)), tuple(map(int, made.climb)))
        _check(chosen, self._names)
        searched_at = before.searched_at if before and start else found.at
        return Plan(chosen, found, why, time.monotonic() - begun, searched_at)


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
