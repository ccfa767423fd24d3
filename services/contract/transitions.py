"""The life of a job: each function is one atomic step of its record, and safe to repeat.

    accept → queued ──claim──→ running ──finish──→ succeeded | failed | cancelled
                ↑                 │
                └─ hand_back, reclaim (the owner stopped, or fell silent)

A worker owns a running job by its token. Whoever lost the job is told `LOST` and must drop it.
"""

import json
import logging
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import ValidationError

from services.contract import jobs, keys
from services.contract.connection import run_script
from services.contract.jobs import Artifact, Failure, Job, Queue, Status

logger = logging.getLogger(__name__)


class Hold(StrEnum):
    """What the owner of a running job is told when it renews or reports."""

    OK = "ok"
    CANCEL = "cancel"
    LOST = "lost"


class QueueFull(RuntimeError):
    """As many jobs are outstanding as one queue may hold, or both together (`queue` is None)."""

    def __init__(self, message: str, queue: Queue | None = None) -> None:
        super().__init__(message)
        self.queue = queue


class KeyReused(ValueError):
    """An Idempotency-Key came again with a different request."""


class Orphaned(RuntimeError):
    """The storybook that a new job belongs to has ended."""


@dataclass(frozen=True)
class Admission:
    """The terms on which a request becomes a job."""

    capacity: int
    retention_seconds: float
    idempotency_key: str = ""
    parent: str = ""
    job_id: str = ""
    predicted_seconds: float | None = None
    """What the client is told of when the job will be done."""
    queue_capacity: int | None = None
    """The job's own queue may hold no more than this; `capacity` is for both together."""


class Service(NamedTuple):
    """Seconds that a worker spent on a job: its share where several are worked on, and in all."""

    share: float
    elapsed: float
    settings: str = ""
    """Digest of what the level asked of the model; empty where it is not known."""
    retimed: bool = False
    """Whether work went on at another level than it began at."""


@dataclass(frozen=True)
class Outcome:
    """How a job ended, as its owner tells it. `service`: the time spent on it, if it counts."""

    status: Status
    result: dict[str, Any] | None = None
    artifacts: tuple[Artifact, ...] = ()
    error: Failure | None = None
    service: Service | None = None

    def event(self) -> str:
        """What the job's last event carries."""
        return json.dumps(
            {
                "result": self.result,
                "artifacts": [artifact.name for artifact in self.artifacts],
                "error": self.error.model_dump() if self.error else None,
            }
        )


def accept(redis: Any, request: Any, admission: Admission) -> tuple[str, bool]:
    """Make a job of a request: its id, and whether it is new.

    Raises QueueFull, KeyReused, or Orphaned. The ticket is published after this, and may be lost:
    the reconciler publishes it again.
    """
    digest = jobs.digest(request)
    outcome, job_id, known_digest = run_script(
        redis,
        "accept",
        admission.job_id or uuid.uuid4().hex,
        request.kind,
        jobs.QUEUE_OF[request.kind],
        request.priority,
        request.model_dump_json(),
        digest,
        admission.capacity,
        request.deadline_seconds or "",
        admission.parent,
        admission.idempotency_key,
        admission.retention_seconds,
        "" if admission.predicted_seconds is None else admission.predicted_seconds,
        "" if admission.queue_capacity is None else admission.queue_capacity,
        jobs.units(request),
    )
    if outcome == "full":
        raise QueueFull(f"{admission.capacity} jobs are outstanding; try again later")
    if outcome == "queue-full":
        queue = jobs.QUEUE_OF[request.kind]
        limit = f"the policy allows {admission.queue_capacity} in the queue {queue}"
        raise QueueFull(f"{limit}, and as many are outstanding; try again later", queue)
    if outcome == "orphan":
        raise Orphaned(f"the storybook {job_id} has ended or has no worker: no pictures")
    if known_digest != digest:
        raise KeyReused("this Idempotency-Key came before with a different request; use a new key")
    return job_id, outcome == "accepted"


def get(redis: Any, job_id: str) -> Job | None:
    """The job with this id, or None where there is none (or it has expired)."""
    record = redis.hgetall(keys.job(job_id))
    return jobs.from_record(record) if record else None


def claim(redis: Any, job_id: str, worker: str, *, lease: float, retention: float) -> Job | None:
    """Take a queued job. None: the ticket is void (claimed, ended, cancelled or expired)."""
    record = run_script(redis, "claim", job_id, worker, lease, retention, uuid.uuid4().hex)
    return jobs.from_record(dict(zip(record[::2], record[1::2], strict=True))) if record else None


def renew(redis: Any, job: Job, *, lease: float) -> Hold:
    """Keep a running job for `lease` more seconds."""
    return Hold(run_script(redis, "renew", job.id, job.token, lease))


def report(redis: Any, job: Job, event: str, data: dict[str, Any], **field: Any) -> Hold:
    """Tell what happened to a running job; one keyword names a field of the record to set."""
    name, value = next(iter(field.items()), ("", ""))
    text = value.model_dump_json() if hasattr(value, "model_dump_json") else json.dumps(value)
    parts = (event, json.dumps(data), name, text, uuid.uuid4().hex)
    return Hold(run_script(redis, "report", job.id, job.token, *parts))


def finish(redis: Any, job: Job, outcome: Outcome, *, retention: float) -> Hold:
    """End a running job, once. LOST: it was another's already, so nothing is recorded."""
    return Hold(
        run_script(
            redis,
            "finish",
            job.id,
            job.token,
            outcome.status,
            outcome.event(),
            json.dumps(outcome.result) if outcome.result is not None else "",
            json.dumps([artifact.model_dump() for artifact in outcome.artifacts]),
            outcome.error.model_dump_json() if outcome.error else "",
            *map(str, _taken(outcome.service)),
            retention,
        )
    )


def _taken(service: Service | None) -> tuple[float | str, ...]:
    if service is None:
        return ("",) * len(Service._fields)
    return (*service[:3], "1" if service.retimed else "")


def cancel(redis: Any, job_id: str, *, retention: float) -> str:
    """End a waiting job, ask a running one to stop: cancelled, cancelling, finished or unknown."""
    return run_script(redis, "cancel", job_id, retention)


def hand_back(redis: Any, job: Job, reason: str) -> Hold:
    """Return a running job to its queue because the worker stops; the attempt does not count."""
    return Hold(run_script(redis, "hand_back", job.id, job.token, reason))


def reclaim(redis: Any, *, attempts: int, retention: float) -> list[str]:
    """Take jobs from owners that fell silent; the ids that need a new ticket."""
    return run_script(redis, "reclaim", attempts, retention)


def age(redis: Any, seconds: float) -> list[str]:
    """Lift jobs that have waited too long; the ids that need a ticket in their new place."""
    return run_script(redis, "age", seconds)


def disown(redis: Any, job: Job, wanted: Iterable[str], *, retention: float) -> Hold:
    """Cancel the children of a running job, of whatever attempt, that its owner does not want."""
    return Hold(run_script(redis, "disown", job.id, job.token, retention, *wanted))


def get_many(redis: Any, job_ids: Iterable[str]) -> list[Job]:
    """The jobs with these ids that still have a readable record, in one round trip."""
    pipeline = redis.pipeline(transaction=False)
    for job_id in job_ids:
        pipeline.hgetall(keys.job(job_id))
    found = (_readable(record) for record in pipeline.execute() if record)
    return [job for job in found if job is not None]


def _readable(record: dict[str, str]) -> Job | None:
    """One job among many: a damaged record must not keep the others from being looked after."""
    try:
        return jobs.from_record(record)
    except ValidationError as error:
        logger.error(
            "the record cannot be read, so the job is left alone; cancel it or delete its key: %s",
            error,
            extra={"job": record.get("id")},
        )
        return None
