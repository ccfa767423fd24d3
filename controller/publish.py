"""Puts a decision in force, and hears whether the workers followed."""

import logging

from redis import Redis

from controller.decide import Decision
from controller.observe import Observation
from services.contract import level, queues
from services.contract.level import Choice
from services.contract.policy import Policy

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0


def publish(
    redis: Redis, epoch: int, decision: Decision, seen: Observation, *, policy: Policy, lease: float
) -> int:
    """Put a level in force for `lease` seconds: its version, or -1 after a later leader."""
    chosen = policy.levels[decision.index]
    choice = Choice(decision.index, chosen, decision.reason, seen.load.model_dump())
    version = level.publish(redis, epoch, choice, lease=lease)
    if version != -1 and (seen.state is None or seen.state.version != version):
        _log_change(decision, seen, policy, version)
    return version


def _log_change(decision: Decision, seen: Observation, policy: Policy, version: int) -> None:
    before, after = seen.state.level.name if seen.state else None, policy.names[decision.index]
    logger.info(
        "level %s -> %s: %s",
        before,
        after,
        decision.reason,
        extra={
            "before": before,
            "after": after,
            "reason": decision.reason,
            "version": version,
            "depth": seen.load.depth,
            "oldest_age": seen.load.oldest_age,
            "thresholds": policy.rules.thresholds,
            "hysteresis": policy.rules.hysteresis,
        },
    )


class Acknowledgements:
    """Warns once for each version that a living worker has not applied in good time."""

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self._patience = patience
        self._version = 0
        self._since = 0.0
        self._warned: set[str] = set()

    def watch(self, redis: Redis, version: int, now: float) -> list[str]:
        """Workers that are late, and of whom no warning was given yet; `now` in seconds."""
        if version != self._version:
            self._version, self._since, self._warned = version, now, set()
        if now - self._since < self._patience:
            return []
        late = sorted(_behind(redis, version) - self._warned)
        for worker in late:
            _warn(worker, version, now - self._since)
        self._warned.update(late)
        return late


def _behind(redis: Redis, version: int) -> set[str]:
    applied = level.applied(redis)
    return {worker for worker in queues.live_workers(redis) if applied.get(worker, 0) != version}


def _warn(worker: str, version: int, seconds: float) -> None:
    logger.warning(
        "worker %s has not applied version %s of the policy after %.0f s; it works at an older "
        "level. See its log, and restart it if this goes on",
        worker,
        version,
        seconds,
        extra={"worker": worker, "version": version},
    )
