"""Puts a decision in force, and hears whether the workers followed."""

import logging
from dataclasses import dataclass

from redis import Redis

from controller.decide import Decision
from controller.observe import Observation
from services.contract import level, queues
from services.contract.jobs import Queue
from services.contract.level import Choice
from services.contract.policy import Policy, PolicyState

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
WATCH_SECONDS = 5.0
RENEW_SECONDS = 2.0


@dataclass(frozen=True)
class Publisher:
    """Puts decisions of one policy in force, each for `lease` seconds."""

    redis: Redis
    policy: Policy
    lease: float

    def publish(self, epoch: int, queue: Queue, decision: Decision, seen: Observation) -> int:
        """Put a queue's level in force: its version, or -1 after a later leader.

        One that is in force is renewed every other second, or as often as its lease asks for.
        """
        state = seen.states[queue]
        if state is not None and self._stands(epoch, state, decision, seen.load.now):
            return state.version
        chosen = self.policy.levels[decision.index]
        choice = Choice(decision.index, chosen, decision.reason, seen.load.model_dump())
        version = level.publish(self.redis, epoch, queue, choice, lease=self.lease)
        if version != -1 and (state is None or state.version != version):
            _log_change(queue, decision, seen, self.policy, version)
        return version

    def _stands(self, epoch: int, state: PolicyState, decision: Decision, now: float) -> bool:
        renewed = now - (state.lease_until - self.lease)
        return (
            renewed < min(RENEW_SECONDS, self.lease / 4)
            and (state.epoch, state.index, state.reason) == (epoch, decision.index, decision.reason)
            and state.level == self.policy.levels[decision.index]
        )


def _log_change(
    queue: Queue, decision: Decision, seen: Observation, policy: Policy, version: int
) -> None:
    state, load = seen.states[queue], seen.load.queues[queue]
    before, after = state.level.name if state else None, policy.names[decision.index]
    logger.info(
        "%s: level %s -> %s: %s",
        queue,
        before,
        after,
        decision.reason,
        extra={
            "queue": queue,
            "before": before,
            "after": after,
            "reason": decision.reason,
            "version": version,
            "depth": load.depth,
            "oldest_age": load.oldest_age,
        },
    )


class Acknowledgements:
    """Warns once for each version that a living worker of a queue has not applied in good time."""

    def __init__(self, queue: Queue, patience: float = PATIENCE_SECONDS) -> None:
        self._queue = queue
        self._patience = patience
        self._version = 0
        self._since = 0.0
        self._next = 0.0
        self._warned: set[str] = set()

    def watch(self, redis: Redis, version: int, now: float) -> list[str]:
        """Workers that are late, and of whom no warning was given yet; `now` in seconds."""
        if version != self._version:
            self._version, self._since, self._next, self._warned = version, now, now, set()
        if now - self._since < self._patience or now < self._next:
            return []
        self._next = now + WATCH_SECONDS
        late = sorted(_behind(redis, self._queue, version) - self._warned)
        for worker in late:
            _warn(worker, version, now - self._since)
        self._warned.update(late)
        return late


def _behind(redis: Redis, queue: Queue, version: int) -> set[str]:
    applied, living = level.applied(redis), queues.live_workers(redis, queue)
    return {worker for worker in living if applied.get(worker, 0) != version}


def _warn(worker: str, version: int, seconds: float) -> None:
    logger.warning(
        "worker %s has not applied version %s of the policy after %.0f s; it works at an older "
        "level. See its log, and restart it if this goes on",
        worker,
        version,
        seconds,
        extra={"worker": worker, "version": version},
    )
