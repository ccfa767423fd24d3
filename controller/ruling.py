"""Which rules a queue goes by: policy.toml's, or a person's while those hold."""

import logging
from typing import NamedTuple

from controller.decide import Decision, Standing, decide
from controller.observe import Observation
from controller.terms import Terms
from services.contract.forecast import Forecast
from services.contract.jobs import QUEUES, Queue
from services.contract.policy import Policy
from services.contract.rule_override import IGNORED, RuleOverride, misfit

logger = logging.getLogger(__name__)


class Ruled(NamedTuple):
    """What one queue goes by: the ladder under its rules, and a person's, in force or ignored."""

    policy: Policy
    override: RuleOverride | None
    misfit: str | None
    """Why a person's rules are ignored, if there are any and they are."""

    @classmethod
    def of(cls, seen: Observation, queue: Queue, terms: Terms) -> "Ruled":
        """By the latest look."""
        override, ruled = seen.rules[queue], seen.ruled(terms.policy, terms.profile)
        why = override and misfit(terms.policy, queue, override.rules, terms.profile)
        return cls(ruled.of(queue), override, why)


class Ruling:
    """Keeps what each queue goes by; `policy` is the whole of it."""

    def __init__(self, terms: Terms) -> None:
        self._terms = terms
        self.policy = terms.policy
        self._overrides: dict[Queue, RuleOverride | None] = dict.fromkeys(QUEUES)
        self._ruled = {queue: Ruled(terms.policy.of(queue), None, None) for queue in QUEUES}

    def follow(self, seen: Observation) -> list[Queue]:
        """Queues that go by other rules than at the look before."""
        if seen.rules == self._overrides:
            return []
        before, self.policy = self.policy, seen.ruled(self._terms.policy, self._terms.profile)
        for queue in QUEUES:
            self._take(queue, seen)
        self._overrides = seen.rules
        changed = [q for q in QUEUES if self.policy.rules_of(q) != before.rules_of(q)]
        for queue in changed:
            whose = seen.rules[queue]
            told = self.policy.rules_of(queue).kind, whose.told if whose else "policy.toml's rules"
            logger.info("%s: goes by %s rules now: %s", queue, *told, extra={"queue": queue})
        return changed

    def _take(self, queue: Queue, seen: Observation) -> None:
        """Warn of rules that are new and that this controller cannot go by."""
        self._ruled[queue] = taken = Ruled.of(seen, queue, self._terms)
        if taken.override and taken.misfit and taken.override != self._overrides[queue]:
            told = taken.override.told
            logger.warning("%s: the %s are ignored: %s", queue, told, taken.misfit)

    def decide(self, seen: Observation, queue: Queue, found: Forecast | None) -> Decision:
        """What is to be in force, by the rules that were followed last."""
        return _decided(seen, queue, self._ruled[queue], self._terms, found)


def considered(seen: Observation, queue: Queue, terms: Terms, found: Forecast | None) -> Decision:
    """What the policy, or a person's rules, say to what was seen of a queue and is predicted."""
    return _decided(seen, queue, Ruled.of(seen, queue, terms), terms, found)


def _decided(
    seen: Observation, queue: Queue, ruled: Ruled, terms: Terms, found: Forecast | None
) -> Decision:
    state, pin = seen.states[queue], seen.pins[queue]
    standing = Standing(state, pin, found, terms.fallback)
    decision = decide(seen.load.queues[queue], standing, ruled.policy, seen.load.now)
    if pin is not None and pin.level in terms.policy.names:
        return decision
    return _told(decision, ruled, stays=state is not None and decision.reason == state.reason)


def _told(decision: Decision, ruled: Ruled, *, stays: bool) -> Decision:
    """The decision, saying whose rules led to it, or whose did not and why.

    A reason that stays in force is that of its time, and a pin is nobody's rules.
    """
    because, override, why = decision.reason.partition(IGNORED)[0], ruled.override, ruled.misfit
    if override and why:
        because = f"{because}{IGNORED}{override.told} ({why})"
    elif override and not stays:
        because = f"{because} ({override.told})"
    return Decision(decision.index, because)
