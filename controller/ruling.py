"""Which rules a queue goes by: policy.toml's, or a person's while those hold."""

import logging

from controller.decide import Decision, Standing, decide
from controller.observe import Observation
from controller.terms import Terms
from services.contract.forecast import Forecast
from services.contract.jobs import QUEUES, Queue
from services.contract.policy import Policy
from services.contract.rule_override import RuleOverride, misfit

logger = logging.getLogger(__name__)

_IGNORED = "; ignored: "


class Ruling:
    """Keeps `policy` that of the latest look."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.policy = terms.policy
        self._ignored: dict[Queue, RuleOverride] = {}

    def follow(self, seen: Observation) -> list[Queue]:
        """Queues that go by other rules than at the look before."""
        before, self.policy = self.policy, _ruled(seen, self._terms)
        for queue in QUEUES:
            self._note(queue, seen)
        changed = [q for q in QUEUES if self.policy.rules_of(q) != before.rules_of(q)]
        for queue in changed:
            whose = seen.rules[queue]
            told = self.policy.rules_of(queue).kind, whose.told if whose else "policy.toml's rules"
            logger.info("%s: goes by %s rules now: %s", queue, *told, extra={"queue": queue})
        return changed

    def _note(self, queue: Queue, seen: Observation) -> None:
        """Warn once of rules that this controller cannot go by."""
        override, why = seen.rules[queue], _misfit(seen, queue, self._terms)
        if override is None or why is None:
            self._ignored.pop(queue, None)
        elif override != self._ignored.get(queue):
            self._ignored[queue] = override
            logger.warning("%s: the %s are ignored: %s", queue, override.told, why)


def considered(seen: Observation, queue: Queue, terms: Terms, found: Forecast | None) -> Decision:
    """What the policy, or a person's rules, say to what was seen of a queue and is predicted."""
    standing = Standing(seen.states[queue], seen.pins[queue], found, terms.fallback)
    ruled = _ruled(seen, terms).of(queue)
    decision = decide(seen.load.queues[queue], standing, ruled, seen.load.now)
    return _told(decision, seen, queue, terms)


def _ruled(seen: Observation, terms: Terms) -> Policy:
    return seen.ruled(terms.policy, terms.profile)


def _misfit(seen: Observation, queue: Queue, terms: Terms) -> str | None:
    """Why a person's rules are ignored, if there are any and they are."""
    override = seen.rules[queue]
    return override and misfit(terms.policy, queue, override.rules, terms.profile)


def _told(decision: Decision, seen: Observation, queue: Queue, terms: Terms) -> Decision:
    """The decision, saying whose rules led to it, or whose did not and why.

    A reason that stays in force is that of its time, and a pin is nobody's rules.
    """
    override, pin, state = seen.rules[queue], seen.pins[queue], seen.states[queue]
    if pin is not None and pin.level in terms.policy.names:
        return decision
    because, why = decision.reason.partition(_IGNORED)[0], _misfit(seen, queue, terms)
    stays = state is not None and decision.reason == state.reason
    if override and why:
        because = f"{because}{_IGNORED}{override.told} ({why})"
    elif override and not stays:
        because = f"{because} ({override.told})"
    return Decision(decision.index, because)
