"""The level in force: the controller that leads puts it, workers read and acknowledge it.

The hash is the truth; the channel only says that it is worth reading again. A level is valid
until its lease ends, whatever became of the controller that put it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from services.contract import keys
from services.contract.connection import run_script
from services.contract.jobs import Queue
from services.contract.ladder import AppliedLevel, Level
from services.contract.policy import Policy, PolicyState
from services.contract.rule_override import RuleOverride, override_of

LEADER_SECONDS = 10


@dataclass(frozen=True)
class Choice:
    """A level that the leader puts in force, why, and the load it saw."""

    index: int
    level: Level
    reason: str
    load: dict[str, Any]


@dataclass(frozen=True)
class Pin:
    """A level that a person holds in force, and until when (seconds since the epoch)."""

    level: str
    by: str
    reason: str
    until: float


Standing = Mapping[Queue, tuple[PolicyState | None, Pin | None, RuleOverride | None]]
"""Of each queue the level last put in force, the pin, and a person's rules."""


def lead(redis: Any, controller: str) -> int:
    """Become or stay the one controller that leads: its epoch, or 0 while another leads.

    `controller` must be a name that no other process, dead or alive, has had.
    """
    return run_script(redis, "lead", controller, LEADER_SECONDS)


def step_down(redis: Any, controller: str) -> None:
    """Let another controller lead at once, if this one does."""
    run_script(redis, "step_down", controller)


def publish(redis: Any, epoch: int, queue: Queue, choice: Choice, *, lease: float) -> int:
    """Put a queue's level in force and renew its lease: its version, -1 after a later leader."""
    return run_script(
        redis,
        "publish",
        epoch,
        queue,
        choice.index,
        choice.level.model_dump_json(),
        choice.reason,
        lease,
        json.dumps(choice.load),
    )


def read(redis: Any, queue: Queue) -> PolicyState | None:
    """The level last put in force, whether or not its lease still holds; None before the first."""
    return _state_of(redis.hgetall(keys.policy(queue)))


def standing(redis: Any) -> Standing:
    """What stands in both queues, in one round trip."""
    return standing_of(run_script(redis, "standing"))


@lru_cache(maxsize=2)
def standing_of(answer: str) -> Standing:
    """What standing.lua says. It says the same at most looks, and is then not read again."""
    return {
        queue: (_state_of(each["state"]), _pin_of(each["pin"]), override_of(each["rules"]))
        for queue, each in json.loads(answer).items()
    }


def _state_of(record: dict[str, Any]) -> PolicyState | None:
    if not record:
        return None
    return PolicyState.model_validate(record | {"level": json.loads(record["level"])})


def resolve(
    wanted: str, state: PolicyState | None, policy: Policy, fallback: str, now: float
) -> AppliedLevel:
    """The level a job gets: the one it asks for, else the one in force, else the fallback."""
    if wanted != "auto":
        index = policy.index(wanted)
        return AppliedLevel(
            index=index, level=policy.levels[index], version=None, reason="the request names it"
        )
    if state is None or state.lease_until <= now:
        index = policy.index(fallback)
        silent = "since the start" if state is None else f"for {now - state.lease_until:.0f} s"
        reason = (
            f"no controller has held the policy {silent}; the fallback level applies "
            "(STORYTELLER_FALLBACK_LEVEL)"
        )
        return AppliedLevel(index=index, level=policy.levels[index], version=None, reason=reason)
    return as_applied(state)


def as_applied(state: PolicyState) -> AppliedLevel:
    """The level in force, as a job gets it."""
    return AppliedLevel(
        index=state.index, level=state.level, version=state.version, reason=state.reason
    )


def acknowledge(redis: Any, worker: str, version: int) -> None:
    """Record which version of its queue's policy a worker has applied."""
    redis.hset(keys.POLICY_APPLIED, worker, version)
    redis.expire(keys.POLICY_APPLIED, 86400)


def withdraw(redis: Any, worker: str) -> None:
    """Forget what a worker that stops has applied."""
    redis.hdel(keys.POLICY_APPLIED, worker)


def applied(redis: Any) -> dict[str, int]:
    """The version of the policy that each worker applied last."""
    return {worker: int(version) for worker, version in redis.hgetall(keys.POLICY_APPLIED).items()}


def pin(redis: Any, queue: Queue, pinned: Pin, *, seconds: float) -> None:
    """Hold a queue's level for so long, whatever the load."""
    pipeline = redis.pipeline()
    pipeline.hset(keys.pin(queue), mapping=vars(pinned))
    pipeline.pexpire(keys.pin(queue), int(seconds * 1000))
    pipeline.execute()


def unpin(redis: Any, queue: Queue) -> None:
    """Return to the policy."""
    redis.delete(keys.pin(queue))


def pinned(redis: Any, queue: Queue) -> Pin | None:
    """The pin in force, if any."""
    return _pin_of(redis.hgetall(keys.pin(queue)))


def _pin_of(record: dict[str, Any]) -> Pin | None:
    return Pin(**(record | {"until": float(record["until"])})) if record else None


def decisions(redis: Any, count: int) -> list[dict[str, Any]]:
    """The latest changes of either queue's level, newest first: why, at what load, and when.

    Entries from before each queue had a level of its own name none, and are left out.
    """
    return [
        {
            "at": int(entry_id.split("-")[0]) / 1000,
            "queue": fields["queue"],
            "version": int(fields["version"]),
            "level": fields["level"],
            "reason": fields["reason"],
            "load": json.loads(fields["load"]),
        }
        for entry_id, fields in redis.xrevrange(keys.POLICY_DECISIONS, count=count)
        if "queue" in fields
    ]
