"""One reader for all the event streams that this process's clients follow.

Redis is asked about every followed job in one blocking read; what comes is handed out in memory.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import Any

from redis.exceptions import RedisError

from services.contract import events
from services.contract.events import Event

log = logging.getLogger(__name__)

# A job that begins to be followed waits this long at most for the reader to come round.
BLOCK_SECONDS = 0.1
RETRY_SECONDS = 1.0

Inbox = SimpleQueue[Event]


def order(event_id: str) -> tuple[int, int]:
    """Sort key of an event's id."""
    milliseconds, _, sequence = event_id.partition("-")
    return int(milliseconds), int(sequence or 0)


class Fanout:
    """The reader, and who listens to which job."""

    def __init__(self, redis: Any) -> None:
        self._redis = redis
        self._changed = threading.Condition()
        self._positions: dict[str, str] = {}
        self._inboxes: dict[str, list[Inbox]] = {}
        self._thread: threading.Thread | None = None
        self.stopping = threading.Event()

    @contextmanager
    def listen(self, job_id: str, position: str) -> Iterator[Inbox]:
        """An inbox for the job's events after `position`; earlier ones may come too."""
        inbox: Inbox = SimpleQueue()
        with self._changed:
            self._inboxes.setdefault(job_id, []).append(inbox)
            known = self._positions.get(job_id, position)
            self._positions[job_id] = min(known, position, key=order)
            self._start()
            self._changed.notify()
        try:
            yield inbox
        finally:
            self._forget(job_id, inbox)

    def stop(self) -> None:
        """End the reader and every stream that follows it, soon."""
        self.stopping.set()

    def join(self) -> None:
        """Wait until the reader has ended, if it ever began."""
        if self._thread is not None:
            self._thread.join()

    def _start(self) -> None:
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="events", daemon=True)
            self._thread.start()

    def _forget(self, job_id: str, inbox: Inbox) -> None:
        with self._changed:
            self._inboxes[job_id].remove(inbox)
            if not self._inboxes[job_id]:
                del self._inboxes[job_id], self._positions[job_id]

    def _run(self) -> None:
        while not self.stopping.is_set():
            positions = self._followed()
            if positions:
                self._read(positions)

    def _followed(self) -> dict[str, str]:
        with self._changed:
            self._changed.wait_for(lambda: self._positions, timeout=RETRY_SECONDS)
            return dict(self._positions)

    def _read(self, positions: dict[str, str]) -> None:
        try:
            batches = events.read(self._redis, positions, block_seconds=BLOCK_SECONDS)
        except (RedisError, OSError) as error:
            log.warning("cannot read events, trying again: %s", error)
            self.stopping.wait(RETRY_SECONDS)
            return
        with self._changed:
            for job_id, batch in batches.items():
                self._deliver(job_id, batch, positions[job_id])

    def _deliver(self, job_id: str, batch: list[Event], read_from: str) -> None:
        # A listener that came meanwhile with an earlier position must not be skipped over.
        if self._positions.get(job_id) == read_from:
            self._positions[job_id] = batch[-1].id
        for inbox in self._inboxes.get(job_id, []):
            for event in batch:
                inbox.put(event)


def take(inbox: Inbox, seconds: float) -> Event | None:
    """The next event, or None when none comes in time."""
    try:
        return inbox.get(timeout=seconds)
    except Empty:
        return None
