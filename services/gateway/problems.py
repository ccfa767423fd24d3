"""Every error a client can meet, as one problem document (RFC 9457)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"


class ProblemType(NamedTuple):
    """One row of the table of problems in docs/api.md."""

    slug: str
    status: int
    title: str
    remedy: str

    @property
    def uri(self) -> str:
        """Where the problem is explained."""
        return f"/docs#{self.slug}"


_ROWS = (
    ProblemType("malformed-json", 400, "The body is not JSON", "Send one JSON object."),
    ProblemType("not-found", 404, "There is nothing here", "/docs lists every path."),
    ProblemType(
        "method-not-allowed",
        405,
        "This path does not answer that method",
        "Allow names those it does.",
    ),
    ProblemType("request-timeout", 408, "The body did not come", "Send the request again."),
    ProblemType("already-finished", 409, "The job has ended", "A finished job stays as it is."),
    ProblemType("body-too-large", 413, "The body is too large", "Send a shorter request."),
    ProblemType(
        "unsupported-media-type", 415, "The body is not application/json", "Set Content-Type."
    ),
    ProblemType("invalid", 422, "A value is not allowed", "`errors` names each field."),
    ProblemType(
        "idempotency-key-reused",
        422,
        "The Idempotency-Key belongs to a different request",
        "Use a new key for a new request.",
    ),
    ProblemType("queue-full", 429, "The queue is full", "Try again after Retry-After seconds."),
    ProblemType(
        "deadline-unreachable",
        429,
        "The deadline cannot be met",
        "Allow more seconds, or try again after Retry-After seconds.",
    ),
    ProblemType("internal", 500, "The gateway failed", "Report the request id in `detail`."),
    ProblemType("unavailable", 503, "Redis does not answer", "Try again after Retry-After."),
    ProblemType(
        "streams-taken", 503, "Every stream is taken", "Poll the job, or try again after a while."
    ),
    ProblemType("not-ready", 503, "Not ready", "`errors` names what is missing."),
)
PROBLEMS = {row.slug: row for row in _ROWS}


class FieldError(BaseModel):
    """What is wrong with one field, header, parameter, or part of the system."""

    model_config = ConfigDict(frozen=True)

    field: str
    message: str


class ProblemDocument(BaseModel):
    """RFC 9457 problem details; `errors` names the fields that are wrong."""

    type: str = Field(description="Where the problem is explained; about:blank if nowhere.")
    title: str
    status: int
    detail: str
    instance: str = Field(description="The path that was asked for.")
    errors: tuple[FieldError, ...] = ()


@dataclass
class Problem(Exception):
    """Raised anywhere in a request to answer it with a problem document."""

    slug: str
    detail: str
    errors: tuple[FieldError, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def document(self, instance: str) -> ProblemDocument:
        """The document for the request to `instance`."""
        row = PROBLEMS[self.slug]
        return ProblemDocument(
            type=row.uri,
            title=row.title,
            status=row.status,
            detail=self.detail,
            instance=instance,
            errors=self.errors,
        )


def later(slug: str, detail: str, seconds: int) -> Problem:
    """The problem of a request that may be sent again after so many seconds."""
    return Problem(slug, detail, headers={"Retry-After": str(seconds)})


def invalid(name: str, message: str) -> Problem:
    """The problem of one field that holds what it may not."""
    return Problem("invalid", f"{name}: {message}", (FieldError(field=name, message=message),))
