"""Jobs as a client sees them: response models, and pure functions that fill them."""

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, Field

from services.contract.jobs import Failure, Job, JobRequest, Kind, Priority, Progress, Status
from services.contract.ladder import AppliedLevel, ImageLevel, StorybookLevel, StoryLevel


class JobUrls(BaseModel):
    """Where to look at a job, follow it, and cancel it (DELETE)."""

    self: str
    events: str
    cancel: str


class Accepted(BaseModel):
    """A job that was accepted and is not finished."""

    id: str
    kind: Kind
    status: Status
    position: int | None = Field(description="Jobs before it in its queue; null once it runs.")
    eta_seconds: float | None = Field(description="Seconds until it is done; null if unknown.")
    urls: JobUrls


class LevelSettings(BaseModel):
    """What the level asked of the models."""

    image: ImageLevel
    story: StoryLevel
    storybook: StorybookLevel


class LevelView(BaseModel):
    """The level a job got, and why. `version` is null where no policy chose it."""

    index: int
    name: str
    version: int | None
    reason: str
    settings: LevelSettings


class Timings(BaseModel):
    """Where the time went, in seconds; null as long as it is not known."""

    waited_seconds: float | None
    service_seconds: float | None
    total_seconds: float | None


class ArtifactView(BaseModel):
    """A file that the job made."""

    name: str
    url: str
    media_type: str
    bytes: int
    sha256: str


class JobRecord(BaseModel):
    """A job. Times are ISO 8601 in UTC."""

    id: str
    kind: Kind
    status: Status
    priority: Priority
    parent: str | None = Field(description="The storybook that this job belongs to.")
    level: LevelView | None
    attempts: int
    worker: str | None = Field(description="Of the latest attempt; null while the job waits.")
    progress: Progress | None
    created_at: datetime
    started_at: datetime | None = Field(description="Start of the latest attempt.")
    finished_at: datetime | None
    deadline_at: datetime | None
    timings: Timings
    request: JobRequest
    artifacts: tuple[ArtifactView, ...]
    result: dict[str, Any] | None
    error: Failure | None
    urls: JobUrls


class JobView(JobRecord):
    """A job and its standing in the queue."""

    position: int | None = Field(description="Jobs before it in its queue; null once it runs.")
    eta_seconds: float | None = Field(description="Seconds until it is done; null if unknown.")


class JobPage(BaseModel):
    """Jobs, newest first; `next` is the cursor of the following page, null at the end."""

    jobs: tuple[JobRecord, ...]
    next: str | None


def path(job_id: str) -> str:
    """Where a job is."""
    return f"/v1/jobs/{job_id}"


def urls(job_id: str) -> JobUrls:
    """The addresses of a job."""
    here = path(job_id)
    return JobUrls(self=here, events=f"{here}/events", cancel=here)


def moment(seconds: float | None) -> datetime | None:
    """A time of the record as a date."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def accepted(job: Job, position: int | None, eta: float | None) -> Accepted:
    """The answer to a request that became a job."""
    return Accepted(
        id=job.id,
        kind=job.kind,
        status=job.status,
        position=position,
        eta_seconds=eta,
        urls=urls(job.id),
    )


def record(job: Job) -> JobRecord:
    """A job as its record tells it."""
    return JobRecord.model_validate(_fields(job))


def view(job: Job, position: int | None, eta: float | None) -> JobView:
    """A job with its standing in the queue."""
    return JobView.model_validate(_fields(job) | {"position": position, "eta_seconds": eta})


def _fields(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "status": job.status,
        "priority": job.priority,
        "parent": job.parent,
        "level": _level(job.level) if job.level else None,
        "attempts": job.attempts,
        "worker": job.worker,
        "progress": job.progress,
        "created_at": moment(job.created_at),
        "started_at": moment(job.started_at),
        "finished_at": moment(job.finished_at),
        "deadline_at": moment(job.deadline_at),
        "timings": _timings(job),
        "request": job.request,
        "artifacts": _artifacts(job),
        "result": job.result,
        "error": job.error,
        "urls": urls(job.id),
    }


def _level(level: AppliedLevel) -> LevelView:
    return LevelView(
        index=level.index,
        name=level.name,
        version=level.version,
        reason=level.reason,
        settings=LevelSettings(
            image=level.level.image, story=level.level.story, storybook=level.level.storybook
        ),
    )


def _timings(job: Job) -> Timings:
    # A job that was handed back waits again, whatever its last attempt began.
    started = None if job.status == Status.QUEUED else job.started_at
    ended = job.finished_at
    return Timings(
        waited_seconds=None if started is None else started - job.created_at,
        service_seconds=None if started is None or ended is None else ended - started,
        total_seconds=None if ended is None else ended - job.created_at,
    )


def _artifacts(job: Job) -> tuple[ArtifactView, ...]:
    return tuple(
        ArtifactView(
            url=f"{path(job.id)}/artifacts/{artifact.name}",
            **artifact.model_dump(exclude={"path"}),
        )
        for artifact in job.artifacts
    )
