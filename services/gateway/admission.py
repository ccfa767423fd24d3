"""A request becomes a job, or a problem that says when to come back."""

from services.contract import keys, transitions
from services.contract.jobs import QUEUE_OF, ImageRequest, Job, Queue, Status
from services.contract.transitions import Admission, KeyReused, QueueFull
from services.gateway import estimates, outlook
from services.gateway.context import Gateway
from services.gateway.deadlines import refuse_hopeless
from services.gateway.estimates import Request
from services.gateway.outlook import Outlook
from services.gateway.problems import Problem, invalid, later
from services.gateway.publishing import publish


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
    expected = outlook.read(gateway.redis, gateway.policy, gateway.fallback)
    if not (key and gateway.redis.exists(keys.idempotency(key))):
        _check_now(gateway, expected, request)
    terms = _terms(gateway, expected, request, key)
    try:
        job_id, new = transitions.accept(gateway.redis, request, terms)
    except QueueFull as full:
        raise later("queue-full", str(full), _place_free(expected, terms, full.queue)) from None
    except KeyReused as reused:
        named = invalid("Idempotency-Key", str(reused))
        raise Problem("idempotency-key-reused", str(reused), named.errors) from None
    if new:
        publish(gateway, find(gateway, job_id))
    return job_id


def _terms(gateway: Gateway, expected: Outlook, request: Request, key: str) -> Admission:
    predicted = estimates.newcomer(expected, request)
    return Admission(
        capacity=gateway.settings.queue_capacity,
        queue_capacity=gateway.policy.rules_of(QUEUE_OF[request.kind]).capacity,
        retention_seconds=gateway.settings.retention_seconds,
        idempotency_key=key,
        predicted_seconds=predicted and predicted.mean,
    )


def _place_free(expected: Outlook, terms: Admission, full: Queue | None) -> int:
    """Whole seconds until the queue that is full, or else either of them, has a place again."""
    if full is None:
        return estimates.place_free(expected, None)
    excess = expected.queues[full].load.depth - (terms.queue_capacity or 0) + 1
    return estimates.place_free(expected, full, max(excess, 1))


def find(gateway: Gateway, job_id: str) -> Job:
    """The job with this id. Raises Problem where there is none."""
    job = transitions.get(gateway.redis, job_id)
    if job is None:
        kept = gateway.settings.retention_seconds
        detail = f"no job {job_id}; a job is kept for {kept:g} s after it ended"
        raise Problem("not-found", detail)
    return job


def _check_now(gateway: Gateway, expected: Outlook, request: Request) -> None:
    """Raise Problem for what the state of the system forbids at this moment."""
    if isinstance(request, ImageRequest) and request.start_from is not None:
        _check_beginning(gateway, request.start_from)
    _check_size(gateway, request)
    refuse_hopeless(gateway, expected, request)


def _check_size(gateway: Gateway, request: Request) -> None:
    """Raise Problem for a size that the image workers' models cannot draw."""
    asked = {name: getattr(request, name, None) for name in ("width", "height")}
    named = {name: side for name, side in asked.items() if side is not None}
    drawn = gateway.paper.sizes() if named else None
    for name, side in named.items():
        if drawn is not None and not drawn.allow(side):
            raise invalid(name, drawn.allowed)


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
