"""What a request says, validated; what it may not say becomes a problem that names the field."""

import re
from collections.abc import Sequence
from typing import Any, TypeVar

from flask import request
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from services.contract.jobs import JOB_ID, QUEUE_OF
from services.gateway import peers
from services.gateway.context import gateway
from services.gateway.problems import FieldError, Problem, invalid

T = TypeVar("T")
Model = TypeVar("Model", bound=BaseModel)

LONGEST_WAIT_SECONDS = 60
# Visible ASCII: what a header holds without an encoding.
IDEMPOTENCY_KEY = r"^[!-~]{1,200}$"
EVENT_ID = r"^[0-9]{1,19}(-[0-9]{1,19})?$"
_WAIT = re.compile(r"wait=(\d{1,6})", re.IGNORECASE)


def json_body(adapter: TypeAdapter[T]) -> T:
    """The body of this request as what the adapter describes."""
    if request.mimetype != "application/json":
        message = f"is {request.mimetype or 'absent'}: use application/json"
        raise _named("unsupported-media-type", "Content-Type", message)
    return parse(adapter, _body(gateway().settings.max_body_bytes))


def _body(most: int) -> bytes:
    length = request.content_length
    if length is None:  # chunked: one byte more than allowed tells
        length = most + 1
    elif length > most:
        raise _too_large(most)
    body = _received(length)
    if len(body) > most:
        raise _too_large(most)
    return body


def _received(length: int) -> bytes:
    try:
        return request.environ["wsgi.input"].read(length)
    except (TimeoutError, ConnectionError):
        message = f"nothing more of it came for {peers.SILENCE_SECONDS:g} s"
        raise _named("request-timeout", "body", message) from None


def _too_large(most: int) -> Problem:
    return _named("body-too-large", "body", f"larger than {most} bytes")


def parse(adapter: TypeAdapter[T], body: bytes, *, strict: bool = True) -> T:
    """The value in a JSON body, with nothing converted but 2.0 to 2. Raises Problem."""
    try:
        return adapter.validate_json(body, strict=strict)
    except ValidationError as error:
        errors = error.errors(include_url=False)
    # To JSON Schema 2.0 is an integer, to pydantic's strict mode it is none.
    if strict and all(map(_whole, errors)):
        return parse(adapter, body, strict=False)
    raise _problem(errors)


def _whole(error: ErrorDetails) -> bool:
    given = error["input"]
    return error["type"] == "int_type" and isinstance(given, float) and given.is_integer()


def query(model: type[Model]) -> Model:
    """The query parameters of this request as one model; each may come once."""
    values = request.args.to_dict(flat=False)
    for name, given in values.items():
        if len(given) > 1:
            raise invalid(name, "given more than once")
    try:
        return model.model_validate({name: given[0] for name, given in values.items()})
    except ValidationError as error:
        raise _problem(error.errors(include_url=False, include_input=False)) from None


def job_id(text: str) -> str:
    """The id of a job. Raises Problem for what cannot be one."""
    if not re.fullmatch(JOB_ID, text):
        raise invalid("id", "a job's id is 32 hexadecimal digits, as in the answer that named it")
    return text


def idempotency_key() -> str:
    """The Idempotency-Key of this request, or nothing."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return ""
    if not re.fullmatch(IDEMPOTENCY_KEY, key):
        raise invalid("Idempotency-Key", "must be 1 to 200 visible ASCII characters, no space")
    return key


def preferred_wait() -> int:
    """Seconds that `Prefer: wait=N` asks to wait, at most 60; 0 without it (RFC 7240)."""
    for preference in request.headers.get("Prefer", "").split(","):
        if match := _WAIT.fullmatch(preference.strip()):
            return min(int(match[1]), LONGEST_WAIT_SECONDS)
    return 0


def last_event_id(beginning: str) -> str:
    """Where a stream of events resumes: `Last-Event-ID`, else `?after=`, else the beginning."""
    given = {
        "Last-Event-ID": request.headers.get("Last-Event-ID"),
        "after": request.args.get("after"),
    }
    for name, text in given.items():
        if text is not None and not re.fullmatch(EVENT_ID, text):
            raise invalid(name, "must be the id of an event, such as 1700000000000-0")
    return given["Last-Event-ID"] or given["after"] or beginning


def _problem(errors: Sequence[ErrorDetails]) -> Problem:
    if errors[0]["type"] == "json_invalid":
        return _named("malformed-json", "body", errors[0]["msg"])
    named = tuple(FieldError(field=_field(error), message=_message(error)) for error in errors)
    detail = "; ".join(f"{error.field}: {error.message}" for error in named)
    return Problem("invalid", detail, named)


def _named(slug: str, name: str, message: str) -> Problem:
    return Problem(slug, f"{name} {message}", (FieldError(field=name, message=message),))


def _message(error: ErrorDetails) -> str:
    if error["type"].startswith("union_tag"):
        return f"must be one of {', '.join(QUEUE_OF)}"
    if error["type"] == "extra_forbidden":
        return "is not a field of this request"
    return error["msg"]


def _field(error: ErrorDetails) -> str:
    path: tuple[Any, ...] = error["loc"]
    if path and path[0] in QUEUE_OF:  # the tag of the union, not a field
        path = path[1:]
    if not path and "discriminator" in error.get("ctx", {}):
        return error["ctx"]["discriminator"].strip("'")
    return ".".join(map(str, path)) or "body"
