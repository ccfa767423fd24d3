"""Every call the gateway answers: the table from which /openapi.json is made."""

from typing import Any

from services.contract import jobs
from services.gateway import policy_view, reading
from services.gateway.listing import ListQuery
from services.gateway.load_view import QueueView
from services.gateway.operation import Answer, Operation, Parameter
from services.gateway.resources.health import Health
from services.gateway.views import Accepted, JobPage, JobView

TEXT = {"type": "string"}
HEX_ID = TEXT | {"pattern": jobs.JOB_ID}

JOB_ID = Parameter("id", "path", HEX_ID, "The job's id.")
WAIT = Parameter(
    "Prefer",
    "header",
    TEXT | {"examples": ["wait=10"]},
    "`wait=N` holds the answer up to N s (at most 60) for the finished job; nothing else counts.",
)
KEY = Parameter(
    "Idempotency-Key",
    "header",
    TEXT | {"pattern": reading.IDEMPOTENCY_KEY},
    "The same key with the same request is the same job, however often it is sent.",
)
EVENT_ID = TEXT | {"pattern": reading.EVENT_ID}
RESUME = (
    Parameter("Last-Event-ID", "header", EVENT_ID, "The last event already seen."),
    Parameter("after", "query", EVENT_ID, "The same, for clients that cannot set the header."),
)
NAME = Parameter("name", "path", TEXT, "As the job's `artifacts` name it.")

_SENDING = ("request-timeout", "body-too-large", "unsupported-media-type")
_BODY = ("malformed-json", *_SENDING, "invalid")
_KNOWN = ("invalid", "not-found", "unavailable")
_LOCATION = {"Location": "Where the job is."}
_CACHING = {"ETag": "The file's SHA-256.", "Cache-Control": "For how long it may be kept."}
_FILES = ("image/png", "application/json", "text/html")

JOBS = (
    Operation(
        "post",
        "/v1/jobs",
        "submitJob",
        "jobs",
        "Ask for a story, a picture, or a storybook",
        (
            Answer(202, "Accepted.", Accepted, headers=_LOCATION),
            Answer(
                200,
                "Finished: the client waited, or its Idempotency-Key is known.",
                JobView,
                headers=_LOCATION | {"Preference-Applied": "`wait=N`, where it was honoured."},
            ),
        ),
        (*_BODY, "idempotency-key-reused", "queue-full", "deadline-unreachable", "unavailable"),
        (WAIT, KEY),
        body=jobs.JOB_REQUEST,
    ),
    Operation(
        "get",
        "/v1/jobs",
        "listJobs",
        "jobs",
        "A page of jobs, newest first",
        (Answer(200, "A page; it may hold fewer jobs than asked for.", JobPage),),
        ("invalid", "unavailable"),
        query=ListQuery,
    ),
    Operation(
        "get",
        "/v1/jobs/{id}",
        "getJob",
        "jobs",
        "One job",
        (Answer(200, "The job.", JobView),),
        _KNOWN,
        (JOB_ID,),
    ),
    Operation(
        "delete",
        "/v1/jobs/{id}",
        "cancelJob",
        "jobs",
        "Cancel a job, queued or running",
        (
            Answer(200, "Cancelled.", JobView),
            Answer(202, "Its worker was asked to stop.", JobView),
        ),
        (*_KNOWN, "already-finished"),
        (JOB_ID,),
    ),
    Operation(
        "get",
        "/v1/jobs/{id}/events",
        "followJob",
        "jobs",
        "What happens to a job, as server-sent events",
        (
            Answer(200, "Events until the job has ended.", media=("text/event-stream",)),
            Answer(204, "The job has ended and no event is left."),
        ),
        (*_KNOWN, "streams-taken"),
        (JOB_ID, *RESUME),
    ),
    Operation(
        "get",
        "/v1/jobs/{id}/artifacts/{name}",
        "getArtifact",
        "jobs",
        "A file that the job made",
        (
            Answer(200, "The file.", media=_FILES, headers=_CACHING),
            Answer(206, "A part of it, as `Range` asks.", media=_FILES),
            Answer(304, "What `If-None-Match` names is still the file."),
        ),
        _KNOWN,
        (JOB_ID, NAME),
    ),
)

SERVING = (
    Operation(
        "get",
        "/v1/queue",
        "getQueue",
        "serving",
        "How much is outstanding, and the level it is served at",
        (Answer(200, "The queue.", QueueView),),
        ("unavailable",),
    ),
    Operation(
        "get",
        "/v1/policy",
        "getPolicy",
        "serving",
        "The ladder, the rules, who decided what and when",
        (Answer(200, "The policy.", policy_view.PolicyView),),
        ("unavailable",),
    ),
    Operation(
        "put",
        "/v1/policy",
        "pinLevel",
        "serving",
        "Hold a level or put other rules in force for a while, or return to the policy",
        (Answer(200, "The policy, with the pin.", policy_view.PolicyView),),
        (*_BODY, "unavailable"),
        body=policy_view.PIN_REQUEST,
    ),
)

PROCESS = (
    Operation(
        "get",
        "/livez",
        "live",
        "process",
        "The process answers",
        (Answer(200, "Alive.", Health),),
    ),
    Operation(
        "get",
        "/readyz",
        "ready",
        "process",
        "A job accepted now would be served",
        (Answer(200, "Ready.", Health),),
        ("not-ready",),
    ),
    Operation(
        "get",
        "/metrics",
        "metrics",
        "process",
        "For Prometheus",
        (Answer(200, "The text format.", media=("text/plain",)),),
    ),
    Operation(
        "get",
        "/openapi.json",
        "openapi",
        "process",
        "This description",
        (Answer(200, "OpenAPI 3.1.", dict[str, Any]),),
    ),
    Operation(
        "get",
        "/docs",
        "docs",
        "process",
        "This description, to read and to try",
        (Answer(200, "A page.", media=("text/html",)),),
    ),
)

OPERATIONS = (*JOBS, *SERVING, *PROCESS)
