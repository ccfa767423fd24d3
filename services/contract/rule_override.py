"""Rules that a person puts in force instead of policy.toml's, for a while.

One JSON object a queue, whose key expires when they end; a pinned level goes before them.
"""

from collections.abc import Mapping
from typing import Any, get_args

from pydantic import ValidationError

from services.contract import keys
from services.contract.jobs import Queue
from services.contract.ladder import Strict
from services.contract.policy import Policy
from services.contract.profile import Profile, ProfileError
from services.contract.rules import PREDICTING, BadRules, Kind, PolicyRules, check

IGNORED = "; ignored: "
"""Behind the reason of a decision: whose rules did not lead to it, and in brackets why."""


class RuleOverride(Strict):
    """Rules of one queue, by whom and why; `until` in seconds since the epoch, by Redis' clock."""

    rules: PolicyRules
    by: str
    reason: str
    until: float

    @property
    def told(self) -> str:
        """For the reasons of decisions."""
        who = f"rules by {self.by or 'someone unnamed'}"
        return f"{who}: {self.reason}" if self.reason else who


def check_for(policy: Policy, rules: PolicyRules) -> None:
    """Raise BadRules for rules that a person cannot put in force beside this policy.toml."""
    check(rules, policy.names)
    if rules.kind not in kinds(policy):
        raise BadRules("kind", f"{rules.kind} needs a profile, and policy.toml names none")
    if rules.capacity is not None:
        raise BadRules("capacity", "cannot be replaced: jobs are refused by policy.toml's")


def kinds(policy: Policy) -> tuple[Kind, ...]:
    """Kinds of rules that may hold beside this policy.toml."""
    known: tuple[Kind, ...] = get_args(Kind)
    return known if policy.profile else tuple(kind for kind in known if kind not in PREDICTING)


def put(redis: Any, queue: Queue, override: RuleOverride, *, seconds: float) -> None:
    """Put rules in force for so long, in place of any that were."""
    redis.set(keys.rule_override(queue), override.model_dump_json(), px=max(int(seconds * 1000), 1))


def withdraw(redis: Any, queue: Queue) -> None:
    """Return to the rules of policy.toml."""
    redis.delete(keys.rule_override(queue))


def read(redis: Any, queue: Queue) -> RuleOverride | None:
    """The rules that a person has put in force, if any."""
    return override_of(redis.get(keys.rule_override(queue)))


def override_of(text: str | None) -> RuleOverride | None:
    """What the key of a queue's override says; None where there is none, or in other words."""
    try:
        return RuleOverride.model_validate_json(text) if text else None
    except ValidationError:
        return None


def said_ignored(reason: str, override: RuleOverride) -> str | None:
    """Why the controller that decided for this reason does not go by the rules; None where it
    does. It says so behind the reason: `depth 7 reached 6; ignored: rules by ada (why)`."""
    _, found, why = reason.partition(f"{IGNORED}{override.told} (")
    return why.removesuffix(")") if found else None


def ruled(
    policy: Policy,
    overrides: Mapping[Queue, RuleOverride | None],
    profile: Profile | None = None,
) -> Policy:
    """The policy with a person's rules in the place of the file's, where they fit its ladder and
    the profile, if that is given."""
    fitting = {
        queue: override.rules
        for queue, override in overrides.items()
        if override is not None and misfit(policy, queue, override.rules, profile) is None
    }
    return policy.model_copy(update={"queues": policy.queues | fitting}) if fitting else policy


def misfit(
    policy: Policy, queue: Queue, rules: PolicyRules, profile: Profile | None = None
) -> str | None:
    """Why this process cannot go by these rules; None if it can.

    Another's policy.toml may have another ladder, and who put the rules may not have read the
    profile.
    """
    try:
        check_for(policy, rules)
        if profile is not None and rules.kind in PREDICTING:
            _check_costs(policy, queue, profile)
    except (BadRules, ProfileError) as error:
        return str(error)
    return None


def _check_costs(policy: Policy, queue: Queue, profile: Profile) -> None:
    """Raise ProfileError for a level that was not measured."""
    for name in policy.names:
        profile.cost(name, queue)


def fits(policy: Policy, rules: PolicyRules) -> bool:
    """Whether a process with this policy.toml can go by these rules, whatever is measured."""
    try:
        check_for(policy, rules)
    except BadRules:
        return False
    return True
