"""The planned thresholds of both queues: planned, put in force, and told of once."""

import logging

from redis import Redis

from controller.decide import Decision
from controller.forecasting import Forecaster
from controller.observe import Observation
from controller.occasion import Plan
from controller.planning import Planner, planner, watched_for
from controller.terms import Terms
from services.contract import forecast
from services.contract.jobs import QUEUES, Queue
from services.contract.policy import Policy, PolicyError
from services.contract.profile import ProfileError
from services.contract.queues import Load
from services.contract.rule_override import IGNORED

logger = logging.getLogger(__name__)

_PLANNED = "; planned anew"


class Plans:
    """A planner for each queue whose rules are planned; what it plans, the forecaster shows."""

    def __init__(self, terms: Terms, forecaster: Forecaster) -> None:
        self._terms = terms
        self._forecaster = forecaster
        self._planners: dict[Queue, Planner] = {}
        self._untold: dict[Queue, Plan] = {}
        for queue in QUEUES:
            self._appoint(queue, terms.policy)

    def _appoint(self, queue: Queue, policy: Policy) -> None:
        made = planner(policy, queue, self._terms.profile)
        self._planners |= {queue: made} if made else {}

    def resume(self, redis: Redis) -> None:
        """Keep the thresholds of the leader before, until this one knows how many jobs come."""
        for queue, each in self._planners.items():
            found = forecast.read(redis, queue)
            chosen = each.resume(found) if found else None
            if chosen is not None:
                self._forecaster.plan(queue, chosen, each.origin)

    def turn(self) -> None:
        """Put thresholds in force that are ready, and have new ones planned if those are old."""
        for queue, each in self._planners.items():
            found, before = self._forecaster.latest[queue], each.plan
            known = found is not None and self._forecaster.rate_known(queue)
            made = each.turn(found) if found and known else None
            if made is not None:
                self._adopt(queue, made, before)

    def once(self, load: Load) -> None:
        """Plan where no plan is in force, and wait for it: for who decides one time only."""
        for queue, each in self._planners.items():
            found = self._forecaster.latest[queue]
            if found and each.plan is None:
                guess = found.model_copy(update={"arrivals": watched_for(load)})
                made = each.once(guess)
                if made is not None:
                    self._adopt(queue, made, None)

    def _adopt(self, queue: Queue, made: Plan, before: Plan | None) -> None:
        self._forecaster.plan(queue, made.chosen, self._planners[queue].origin)
        if before is None or before.chosen != made.chosen:
            logger.info("%s: %s", queue, made.told, extra={"queue": queue, "seconds": made.seconds})
            self._untold[queue] = made

    def obey(self, queue: Queue, policy: Policy) -> None:
        """The queue goes by new rules, those of `policy`: show their thresholds, plan by them."""
        self._forecaster.obey(queue, policy)
        self._untold.pop(queue, None)
        self._planners.pop(queue, None)
        try:
            self._appoint(queue, policy)
        except (PolicyError, ProfileError) as error:
            logger.warning("%s: cannot plan by the new rules: %s", queue, error)

    def announced(self, queue: Queue, decision: Decision, seen: Observation) -> Decision:
        """A new plan is told with the next decision that changes nothing else."""
        state = seen.states[queue]
        changes = state is None or state.reason != decision.reason
        if changes or seen.pins[queue] or queue not in self._untold:
            return decision
        because, mark, ignored = decision.reason.partition(IGNORED)
        because, _, _ = because.partition(_PLANNED)
        # What is ignored stays last: there the next decision and the gateway look for it.
        told = f"{because}; {self._untold[queue].told}{mark}{ignored}"
        return Decision(decision.index, told)

    def announce(self, queue: Queue) -> None:
        """The plan was told."""
        del self._untold[queue]
