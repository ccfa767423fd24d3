"""Which rules a queue goes by: policy.toml's, or a person's while those hold."""

import logging

from controller.decide import Decision
from controller.observe import Observation
from services.contract.jobs import QUEUES, Queue
from services.contract.policy import Policy
from services.contract.rule_override import RuleOverride, fits

logger = logging.getLogger(__name__)


class Ruling:
    """Keeps `policy` that of the latest look."""

    def __init__(self, policy: Policy) -> None:
        self._file = policy
        self.policy = policy
        self._ignored: dict[Queue, RuleOverride] = {}

    def follow(self, seen: Observation) -> list[Queue]:
        """Queues that go by other rules than at the look before."""
        before, self.policy = self.policy, seen.ruled(self._file)
        for queue in QUEUES:
            self._note(queue, seen.rules[queue])
        changed = [q for q in QUEUES if self.policy.rules_of(q) != before.rules_of(q)]
        for queue in changed:
            whose = seen.rules[queue]
            told = self.policy.rules_of(queue).kind, whose.told if whose else "policy.toml's rules"
            logger.info("%s: goes by %s rules now: %s", queue, *told, extra={"queue": queue})
        return changed

    def _note(self, queue: Queue, override: RuleOverride | None) -> None:
        """Warn once of rules that this controller cannot go by."""
        if override is None or fits(self._file, override.rules):
            self._ignored.pop(queue, None)
        elif override != self._ignored.get(queue):
            self._ignored[queue] = override
            logger.warning("the %s do not fit policy.toml here: ignored", override.told)


def told(decision: Decision, seen: Observation, queue: Queue, policy: Policy) -> Decision:
    """The decision of `policy`, saying whose rules led to it. A reason that stays in force is that
    of its time, and a pin is nobody's rules."""
    override, pin, state = seen.rules[queue], seen.pins[queue], seen.states[queue]
    stays = state is not None and decision.reason == state.reason
    pinned = pin is not None and pin.level in policy.names
    if override is None or stays or pinned or not fits(policy, override.rules):
        return decision
    return Decision(decision.index, f"{decision.reason} ({override.told})")
