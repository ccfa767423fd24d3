"""Jobs in the state a test needs."""

from typing import Any

from redis import Redis

from services.contract import transitions
from services.contract.jobs import JOB_REQUEST, Job, Status
from services.contract.transitions import Admission, Outcome

LEASE = 60.0
RETENTION = 3600.0
EXPIRED = -1.0
NOBODY = "0" * 32


def request(kind: str = "image", **options: Any) -> Any:
    """A valid request of this kind."""
    return JOB_REQUEST.validate_python({"kind": kind, "prompt": "a fox in the snow", **options})


def accept(redis: Redis, kind: str = "image", parent: str = "", **options: Any) -> str:
    """A job that waits: its id."""
    terms = Admission(capacity=1000, retention_seconds=RETENTION, parent=parent)
    return transitions.accept(redis, request(kind, **options), terms)[0]


def claim(redis: Redis, job_id: str, lease: float = LEASE) -> Job | None:
    """What a worker that has this job's ticket gets."""
    return transitions.claim(redis, job_id, "worker-1", lease=lease, retention=RETENTION)


def running(redis: Redis, kind: str = "image", lease: float = LEASE, **options: Any) -> Job:
    """A job that a worker holds."""
    job = claim(redis, accept(redis, kind, **options), lease)
    assert job is not None
    return job


def finish(redis: Redis, job: Job, status: Status = Status.SUCCEEDED) -> transitions.Hold:
    """End a job as its owner does."""
    return transitions.finish(redis, job, Outcome(status), retention=RETENTION)


def cancel(redis: Redis, job_id: str) -> str:
    """Cancel as a client does."""
    return transitions.cancel(redis, job_id, retention=RETENTION)


def reclaim(redis: Redis, attempts: int = 3) -> list[str]:
    """Take jobs from silent owners as the reconciler does."""
    return transitions.reclaim(redis, attempts=attempts, retention=RETENTION)


def state(redis: Redis, job_id: str) -> Job:
    """The job's record as it is now."""
    job = transitions.get(redis, job_id)
    assert job is not None
    return job
