"""A worker's signs of life: to the queue it serves, and to those who assign jobs to it."""

import logging
import threading
import time
from collections.abc import Callable

from redis import Redis, RedisError

from services.contract import dispatch, queues, sizes
from services.contract.dispatch import Rule
from services.contract.jobs import Job, Queue
from services.contract.sizes import Sizes
from worker.artifacts import Shelf

logger = logging.getLogger(__name__)

PROCESS: dict[Queue, str] = {"stories": "story-worker", "images": "image-worker"}
CHECK_IN_SECONDS = 3.0
SWEEP_SECONDS = 3600.0
HANGING_SECONDS = 180.0
"""A step or pass that takes longer hangs. A large batch on a slow CPU takes about a minute."""


class Presence:
    """Tells the queue that this worker serves it; now and then clears the shelf.

    Under `jsq` the worker is a station too: it has a queue of its own. `draws` is told to those
    who ask for pictures.
    """

    def __init__(
        self,
        redis: Redis,
        queue: Queue,
        name: str,
        shelf: Shelf,
        *,
        rule: Rule = "shared",
        draws: Sizes | None = None,
    ) -> None:
        self._redis = redis
        self._queue = queue
        self._name = name
        self._shelf = shelf
        self._station = rule == "jsq"
        self._draws = draws
        self._open = False
        self._hanging = False
        self._told_at = 0.0
        self._swept_at = 0.0
        self._sweeper: threading.Thread | None = None
        self._over = threading.Event()

    def open(self) -> None:
        """The worker takes tickets now."""
        # Before the first ticket: a job claimed by an unknown station would count for nobody.
        self._attempt(self._open_station)
        self._open = True
        logger.info("ready for jobs")

    def close(self) -> None:
        """The worker takes no more tickets."""
        self._open = False
        queues.check_out(self._redis, self._queue, self._name)

    def leave(self, publish: Callable[[Job], None]) -> None:
        """Hand on the tickets of jobs that still wait for this worker, once it has stopped, and
        end a sweep that is under way: whatever it says has to be said before the process ends."""
        if self._station:
            self._attempt(lambda: self._hand_on(publish))
        self._over.set()
        if self._sweeper is not None:
            self._sweeper.join()

    def _hand_on(self, publish: Callable[[Job], None]) -> None:
        # Once more: a check-in that was under way when the worker was told to stop came after it.
        self.close()
        for job in dispatch.clear(self._redis, self._queue, self._name):
            publish(job)
            logger.info("handed on: the worker stops", extra={"job": job.id})

    def _open_station(self) -> None:
        if self._station:
            dispatch.open_station(self._redis, self._queue, self._name)

    def _attempt(self, action: Callable[[], None]) -> None:
        try:
            action()
        except RedisError as error:
            logger.warning("Redis failed; the controller sets it right: %s", error)

    def hangs(self) -> bool:
        """Whether the work stood still when the queue was told last."""
        return self._hanging

    def tell(self, silent_seconds: float = 0.0) -> None:
        """Check in when it is time to; called often.

        `silent_seconds`: since the work last moved. Where it hangs, the worker checks out and
        begins no job until it moves again: the controller publishes the tickets that it took
        anew, and under `jsq` those that wait for it go to others at once.
        """
        now = time.monotonic()
        if not self._open or now - self._told_at < CHECK_IN_SECONDS:
            return
        self._told_at = now
        try:
            if self._note_motion(silent_seconds):
                queues.check_out(self._redis, self._queue, self._name)
                return
            self._open_station()
            # Before it checks in: a worker that is known is known with what it can draw.
            if self._draws is not None:
                sizes.announce(self._redis, self._name, self._draws)
            queues.check_in(self._redis, self._queue, self._name)
            self._sweep(now)
        except RedisError as error:
            logger.warning("cannot check in, trying again: %s", error)

    def _note_motion(self, silent_seconds: float) -> bool:
        before, self._hanging = self._hanging, silent_seconds > HANGING_SECONDS
        if self._hanging and not before:
            logger.error(
                "nothing has moved for %d s: this worker begins no job until something does; "
                "restart it if nothing will",
                silent_seconds,
            )
        elif before and not self._hanging:
            logger.warning("it moves again")
        return self._hanging

    def _sweep(self, now: float) -> None:
        if now - self._swept_at > SWEEP_SECONDS:
            self._swept_at = now
            # Not in the caller's thread: a large shelf takes longer than a lease lasts.
            self._sweeper = threading.Thread(target=self._clear, name="sweeper", daemon=True)
            self._sweeper.start()

    def _clear(self) -> None:
        try:
            count = self._shelf.sweep(self._redis, self._over.is_set)
        except (RedisError, OSError) as error:
            logger.warning("cannot clear old artifacts, trying again in an hour: %s", error)
            return
        logger.info("cleared the artifacts of %d expired jobs", count)
