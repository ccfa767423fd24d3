"""What a client asks for, and the job it becomes."""

import hashlib
import json
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from services.contract.ladder import AppliedLevel, Strategy

Kind = Literal["story", "image", "storybook"]
Queue = Literal["stories", "images"]
Priority = Literal["high", "normal", "low"]

QUEUES: tuple[Queue, ...] = ("stories", "images")
PRIORITIES: tuple[Priority, ...] = ("high", "normal", "low")
QUEUE_OF: dict[Kind, Queue] = {"story": "stories", "image": "images", "storybook": "stories"}

SEEDS = 2**63
JOB_ID = r"^[0-9a-f]{32}$"
Prompt = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Seed = Annotated[
    int, Field(ge=0, lt=SEEDS, description="Same seed, same result. Random if absent.")
]
LARGEST_SIDE = 2048
Side = Annotated[
    int,
    Field(
        ge=8,
        le=LARGEST_SIDE,
        multiple_of=8,
        description="Pixels, as the image workers' models can draw; the model's own if absent.",
    ),
]


class Status(StrEnum):
    """Where a job is in its life."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


TERMINAL = frozenset({Status.SUCCEEDED, Status.FAILED, Status.CANCELLED})


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    prompt: Prompt = Field(description="What the story or the picture is about.")
    seed: Seed | None = None
    level: str = Field("auto", description='"auto" (the policy decides) or a level\'s name.')
    priority: Priority = "normal"
    deadline_seconds: float | None = Field(
        None, gt=0, le=86400, description="Give up when the job is not finished by then."
    )


class _StoryOptions(BaseModel):
    pages: int = Field(4, ge=1, le=12)
    max_tokens: int | None = Field(
        None, ge=16, le=4096, description="Most tokens of text; the level's if absent."
    )


class _ImageOptions(BaseModel):
    width: Side | None = None
    height: Side | None = None
    guidance_scale: float | None = Field(
        None, ge=0, le=30, description="Classifier-free guidance; the level's if absent."
    )
    negative_prompt: str = ""


class StoryRequest(_Request, _StoryOptions):
    """A story of so many pages."""

    kind: Literal["story"]


class ImageRequest(_Request, _ImageOptions):
    """One or more pictures; picture i uses seed + i."""

    kind: Literal["image"]
    count: int = Field(1, ge=1, le=8)
    start_from: str | None = Field(
        None,
        pattern=JOB_ID,
        description="The id of an image job that has succeeded, or of a storybook's picture: the "
        "drawing starts from its first picture. Null: it starts from noise.",
    )
    strength: float = Field(
        0.75,
        gt=0,
        le=1,
        description="With start_from, the share of the drawing that is done anew: near 0 the "
        "picture stays as it is, 1 leaves nothing of it. Without start_from it means nothing.",
    )


class StorybookRequest(_Request, _StoryOptions, _ImageOptions):
    """A story with a picture for each page, bound as one HTML file."""

    kind: Literal["storybook"]
    strategy: Strategy | None = Field(
        None, description="How the pictures follow the text; the level's if absent."
    )


JobRequest = Annotated[StoryRequest | ImageRequest | StorybookRequest, Field(discriminator="kind")]
JOB_REQUEST: TypeAdapter[StoryRequest | ImageRequest | StorybookRequest] = TypeAdapter(JobRequest)


def digest(request: StoryRequest | ImageRequest | StorybookRequest) -> str:
    """Equal for equal requests: what an Idempotency-Key is checked against."""
    return hashlib.sha256(request.model_dump_json().encode()).hexdigest()


def units(request: StoryRequest | ImageRequest | StorybookRequest) -> int:
    """Pieces of work for its queue: the pictures of an image job, else 1."""
    return request.count if isinstance(request, ImageRequest) else 1


class Artifact(BaseModel):
    """A file that a job made; `path` is relative to the folder of all artifacts."""

    model_config = ConfigDict(frozen=True)

    name: str
    path: str
    media_type: str
    bytes: int
    sha256: str


class Failure(BaseModel):
    """Why a job failed, and what to do about it."""

    model_config = ConfigDict(frozen=True)

    type: str
    message: str


class Progress(BaseModel):
    """How far a running job is: `done` of `total` units (tokens, denoising steps, pictures)."""

    model_config = ConfigDict(frozen=True)

    phase: str
    done: int
    total: int


class Job(BaseModel):
    """The record of one job, as it lies in Redis. Times are seconds since the epoch."""

    id: str
    kind: Kind
    queue: Queue
    status: Status
    priority: Priority
    request: JobRequest
    created_at: float
    queued_at: float
    deadline_at: float | None = None
    predicted_seconds: float | None = None
    started_at: float | None = None
    finished_at: float | None = None
    attempts: int = 0
    token: int = 0
    worker: str | None = None
    parent: str | None = None
    level: AppliedLevel | None = None
    progress: Progress | None = None
    artifacts: tuple[Artifact, ...] = ()
    result: dict[str, Any] | None = None
    error: Failure | None = None
    cancel_requested: bool = False

    @property
    def seed(self) -> int:
        """The seed asked for, else one that every attempt at the job shares."""
        return self.request.seed if self.request.seed is not None else int(self.id[:8], 16)

    @property
    def finished(self) -> bool:
        """True once nothing can happen to the job any more."""
        return self.status in TERMINAL


_JSON_FIELDS = ("request", "level", "progress", "artifacts", "result", "error")


def from_record(record: dict[str, str]) -> Job:
    """The job in a Redis hash. Raises pydantic.ValidationError for a damaged record."""
    fields: dict[str, Any] = {name: value for name, value in record.items() if value != ""}
    for name in _JSON_FIELDS:
        if name in fields:
            fields[name] = json.loads(fields[name])
    return Job.model_validate(fields)
