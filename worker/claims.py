"""A job that this worker holds, and the one thread that keeps all of them held."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from redis import Redis, RedisError

from services.contract import transitions
from services.contract.jobs import Job, Progress
from services.contract.ladder import AppliedLevel
from services.contract.transitions import Hold
from worker.interruptions import Cancelled, DeadlinePassed, Interruption, LeaseLost, Stopping

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 0.2  # progress events: at most five a second for each job


@dataclass(frozen=True)
class Terms:
    """On which a worker claims jobs."""

    worker: str
    lease_seconds: float
    retention_seconds: float


class Claim:
    """A running job of this worker's: asks whether to go on, tells how far it is."""

    def __init__(self, redis: Redis, job: Job, stopping: threading.Event) -> None:
        self.job = job
        self.redis = redis
        self._stopping = stopping
        self._ended: Interruption | None = None
        self._progress: Progress | None = None
        self.level: AppliedLevel | None = None
        self._untold: AppliedLevel | None = None
        self._telling = threading.Lock()
        self._deadline = self._local_deadline()
        self.renewed_at = time.monotonic()

    def _local_deadline(self) -> float:
        # Both stamps are by the clock of Redis, so their difference holds on any machine.
        if self.job.deadline_at is None or self.job.started_at is None:
            return float("inf")
        return time.monotonic() + self.job.deadline_at - self.job.started_at

    def interrupted(self) -> Interruption | None:
        """Why to stop now, or None. Cheap: may be asked at every token and denoising step."""
        if self._ended is not None:
            return self._ended
        if time.monotonic() > self._deadline:
            return DeadlinePassed("the deadline passed while the job was running")
        if self._stopping.is_set():
            return Stopping("the worker is stopping")
        return None

    def remaining_seconds(self) -> float | None:
        """Seconds until the deadline, if there is one."""
        remaining = self._deadline - time.monotonic()
        return None if remaining == float("inf") else max(remaining, 0.001)

    def start(self, level: AppliedLevel) -> None:
        """Record the level that the job got."""
        self.level = level
        logger.info("job gets level %s: %s", level.name, level.reason, extra={"job": self.job.id})
        self.report("level", level.model_dump(), level=level)

    def change(self, level: AppliedLevel) -> None:
        """Note that work goes on at another level; the keeper passes it on. Never blocks."""
        if level != self.level:
            logger.info(
                "job goes on at %s: %s", level.name, level.reason, extra={"job": self.job.id}
            )
            self.level = self._untold = level

    def tell_level(self) -> None:
        """Pass on a change of level that the keeper has not passed on yet."""
        with self._telling:
            level = self._untold
            if level is not None:
                self.report("level", level.model_dump(), level=level)
                self._untold = None if self._untold is level else self._untold

    def progress(self, phase: str, done: int, total: int) -> None:
        """Note how far the job is; the keeper passes it on. Never blocks."""
        self._progress = Progress(phase=phase, done=done, total=total)

    def report(self, event: str, data: dict[str, Any], **field: Any) -> None:
        """Tell clients what happened, and set at most one field of the record."""
        self._heed(transitions.report(self.redis, self.job, event, data, **field))

    def keep(self, lease_seconds: float) -> None:
        """Pass on what is new, and renew the lease when a third of it is over."""
        self.tell_level()
        progress, self._progress = self._progress, None
        if progress is not None:
            self.report("progress", progress.model_dump(), progress=progress)
        if time.monotonic() - self.renewed_at > lease_seconds / 3:
            self._heed(transitions.renew(self.redis, self.job, lease=lease_seconds))
            self.renewed_at = time.monotonic()

    def _heed(self, hold: Hold) -> None:
        if hold is Hold.CANCEL:
            self._ended = Cancelled("the job was cancelled")
        elif hold is Hold.LOST:
            self._ended = LeaseLost("the job has another owner now")


class Claims:
    """Takes jobs for this worker, and keeps those it holds."""

    def __init__(
        self, redis: Redis, terms: Terms, on_turn: Callable[[], None] | None = None
    ) -> None:
        self.redis = redis
        self.terms = terms
        self.stopping = threading.Event()
        self._on_turn = on_turn or (lambda: None)
        self._held: set[Claim] = set()
        self._gate = threading.Lock()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease-keeper", daemon=True)

    def open(self) -> None:
        """Start the keeper."""
        self._thread.start()

    def close(self) -> None:
        """Stop the keeper, once nothing is held."""
        self._closed.set()
        self._thread.join()

    @contextmanager
    def take(self, job_id: str) -> Iterator[Claim | None]:
        """The job, held for the length of the block; None where its ticket is void."""
        job = transitions.claim(
            self.redis,
            job_id,
            self.terms.worker,
            lease=self.terms.lease_seconds,
            retention=self.terms.retention_seconds,
        )
        if job is None:
            yield None
            return
        claim = Claim(self.redis, job, self.stopping)
        with self._gate:
            self._held.add(claim)
        try:
            yield claim
        finally:
            with self._gate:
                self._held.discard(claim)

    def _run(self) -> None:
        while not self._closed.wait(FLUSH_SECONDS):
            self._take_turn()
            with self._gate:
                held = list(self._held)
            for claim in held:
                self._keep(claim)

    def _take_turn(self) -> None:
        try:
            self._on_turn()
        except Exception:
            # Leases end with this thread, so what rides along must not end it.
            logger.exception(
                "a sign of life failed, trying again; check the disk and STORYTELLER_HOME"
            )

    def _keep(self, claim: Claim) -> None:
        try:
            claim.keep(self.terms.lease_seconds)
        except RedisError as error:
            logger.warning(
                "cannot renew the lease, trying again: %s", error, extra={"job": claim.job.id}
            )
