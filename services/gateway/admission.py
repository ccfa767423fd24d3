"""A request becomes a job, or a problem that says when to come back."""

import math

from services.contract import keys, queues, transitions
from services.contract.jobs import (
    QUEUE_OF,
    ImageRequest,
    Job,
    Status,
    StorybookRequest,
    StoryRequest,
)
from services.contract.queues import QueueLoad
from services.contract.transitions import Admission, KeyReused, QueueFull
from services.gateway import estimates
from services.gateway.context import Gateway
from services.gateway.problems import Problem, invalid
from services.gateway.publishing import publish

Request = StoryRequest | ImageRequest | StorybookRequest


def check(gateway: Gateway, request: Request) -> None:
    """Raise Problem for what only this server's settings and policy forbid."""
    longest = gateway.settings.max_prompt_characters
    for name in ("prompt", "negative_prompt"):
        if len(getattr(request, name, "")) > longest:
            raise invalid(name, f"longer than {longest} characters")
    check_level(gateway, request.level)


def check_level(gateway: Gateway, level: str) -> None:
    """Raise Problem for a level that the policy does not have."""
    if level != "auto" and level not in gateway.policy.names:
        allowed = ", ".join(("auto", *gateway.policy.names))
        raise invalid("level", f"must be one of {allowed}")


def admit(gateway: Gateway, request: Request, key: str) -> str:
    """The id of the job that the request became, or became before under the same key."""
    known = key and gateway.redis.exists(keys.idempotency(key))
    if not known:
        _check_now(gateway, request)
    terms = Admission(
        capacity=gateway.settings.queue_capacity,
        retention_seconds=gateway.settings.retention_seconds,
        idempotency_key=key,
    )
    try:
        job_id, new = transitions.accept(gateway.redis, request, terms)
    except QueueFull as full:
        seconds = estimates.place_free(_queue(gateway, request))
        raise _later("queue-full", str(full), seconds) from None
    except KeyReused as reused:
        named = invalid("Idempotency-Key", str(reused))
        raise Problem("idempotency-key-reused", str(reused), named.errors) from None
    if new:
        publish(gateway, find(gateway, job_id))
    return job_id


def find(gateway: Gateway, job_id: str) -> Job:
    """The job with this id. Raises Problem where there is none."""
    job = transitions.get(gateway.redis, job_id)
    if job is None:
        kept = gateway.settings.retention_seconds
        detail = f"no job {job_id}; a job is kept for {kept:g} s after it ended"
        raise Problem("not-found", detail)
    return job


def _check_now(gateway: Gateway, request: Request) -> None:
    """Raise Problem for what the state of the system forbids at this moment."""
    if isinstance(request, ImageRequest) and request.start_from is not None:
        _check_beginning(gateway, request.start_from)
    if request.deadline_seconds is not None:
        _refuse_hopeless(request.deadline_seconds, _queue(gateway, request))


def _check_beginning(gateway: Gateway, job_id: str) -> None:
    try:
        job = find(gateway, job_id)
    except Problem as unknown:
        raise invalid("start_from", unknown.detail) from None
    if job.kind != "image":
        reason = f"job {job_id} is a {job.kind}; it must be an image job, or a storybook's picture"
        raise invalid("start_from", reason)
    if job.status is not Status.SUCCEEDED:
        reason = f"job {job_id} is {job.status}; it must have succeeded"
        raise invalid("start_from", reason)


def _queue(gateway: Gateway, request: Request) -> QueueLoad:
    return queues.load(gateway.redis).queues[QUEUE_OF[request.kind]]


def _refuse_hopeless(deadline_seconds: float, queue: QueueLoad) -> None:
    seconds = estimates.until_done(queue, queue.depth + 1)
    if seconds is not None and seconds > deadline_seconds:
        detail = f"the job would be done in about {seconds:.0f} s, after {deadline_seconds:g} s"
        raise _later("deadline-unreachable", detail, max(1, math.ceil(seconds - deadline_seconds)))


def _later(slug: str, detail: str, seconds: int) -> Problem:
    return Problem(slug, detail, headers={"Retry-After": str(seconds)})
