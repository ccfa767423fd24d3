"""The level a job gets when work on it starts, and the worker's ear for changes."""

import logging
import threading
from contextlib import suppress

from redis import Redis, RedisError

from services.contract import keys, level
from services.contract.connection import BLOCK_SECONDS, server_time
from services.contract.jobs import Job, Queue
from services.contract.ladder import AppliedLevel
from services.contract.policy import Policy, PolicyState

logger = logging.getLogger(__name__)


class Levels:
    """Hears of every change of level, acknowledges it, and resolves a job's level."""

    def __init__(
        self, redis: Redis, queue: Queue, policy: Policy, *, fallback: str, worker: str
    ) -> None:
        policy.index(fallback)
        self._redis = redis
        self._queue = queue
        self._policy = policy
        self._fallback = fallback
        self._worker = worker
        self.latest: AppliedLevel | None = None
        """What the controller put in force last; None while none holds the policy."""
        self._version = 0
        self._fallen_back = False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="level-watcher", daemon=True)

    def open(self) -> None:
        """Start to listen."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening."""
        self._closed.set()
        self._thread.join()
        with suppress(RedisError):  # forgotten later all the same
            level.withdraw(self._redis, self._worker)

    def resolve(self, job: Job) -> AppliedLevel:
        """The level for a job on which work starts now."""
        state = level.read(self._redis, self._queue)
        return level.resolve(
            job.request.level, state, self._policy, self._fallback, server_time(self._redis)
        )

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._listen()
            except RedisError as error:
                logger.warning("cannot hear the policy, trying again: %s", error)
                self._closed.wait(1)

    def _listen(self) -> None:
        with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
            channel.subscribe(keys.POLICY_CHANNEL)
            while not self._closed.is_set():
                self._apply(level.read(self._redis, self._queue))
                channel.get_message(timeout=min(1.0, BLOCK_SECONDS))

    def _apply(self, state: PolicyState | None) -> None:
        held = self._note_lease(state)
        if not held:
            self.latest = None
        elif self.latest is None or self.latest.version != state.version:
            self.latest = level.as_applied(state)
        if state is not None and state.version != self._version:
            self._version = state.version
            level.acknowledge(self._redis, self._worker, state.version)
            logger.info("level is %s now: %s", state.level.name, state.reason)

    def _note_lease(self, state: PolicyState | None) -> bool:
        """Whether a controller holds the policy; a change of that is logged."""
        fallen_back = state is None or state.lease_until <= server_time(self._redis)
        if fallen_back and not self._fallen_back:
            logger.warning(
                "no controller holds the policy: jobs get %s, the fallback level "
                "(STORYTELLER_FALLBACK_LEVEL)",
                self._fallback,
            )
        elif self._fallen_back and not fallen_back:
            logger.info("a controller holds the policy again")
        self._fallen_back = fallen_back
        return not fallen_back
