"""What the controller decides from: the load, the level in force, a person's pin or rules."""

from dataclasses import dataclass

from redis import Redis

from services.contract.jobs import Queue
from services.contract.level import Pin
from services.contract.look import look
from services.contract.policy import Policy, PolicyState
from services.contract.profile import Profile
from services.contract.queues import Load
from services.contract.rule_override import RuleOverride, ruled


@dataclass(frozen=True)
class Observation:
    """One look at Redis; `load.now` is its time, in seconds since the epoch."""

    load: Load
    states: dict[Queue, PolicyState | None]
    pins: dict[Queue, Pin | None]
    rules: dict[Queue, RuleOverride | None]

    def ruled(self, policy: Policy, profile: Profile | None) -> Policy:
        """The policy with a person's rules in the place of its own, where they fit."""
        return ruled(policy, self.rules, profile)


def observe(redis: Redis) -> Observation:
    """What is outstanding, and what is in force: in one round trip, for it is done all the time."""
    load, standing = look(redis)
    return Observation(
        load,
        {queue: state for queue, (state, _, _) in standing.items()},
        {queue: pin for queue, (_, pin, _) in standing.items()},
        {queue: rules for queue, (*_, rules) in standing.items()},
    )
