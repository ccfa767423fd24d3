"""/v1/jobs/{id}/events: what happens to a job, as server-sent events."""

import json
import time
from collections.abc import Iterator
from functools import partial

from flask import Blueprint, Response, request

from services.contract import events
from services.contract.events import Event
from services.gateway import admission, peers, reading
from services.gateway.context import Gateway, gateway
from services.gateway.follow import exhausted, follow
from services.gateway.places import Place
from services.gateway.problems import Problem

blueprint = Blueprint("events", __name__)

KEEP_ALIVE_SECONDS = 10.0
RECONNECT_MILLISECONDS = 2000
STREAMS_RETRY_SECONDS = 5


@blueprint.get("/v1/jobs/<job_id>/events")
def stream(job_id: str) -> Response:
    """A stream of the job's events, from the one after `Last-Event-ID` to the last."""
    here = gateway()
    position = reading.last_event_id(events.BEGINNING)
    job = admission.find(here, reading.job_id(job_id))
    backlog = events.after(here.redis, job.id, position)
    if job.finished and not backlog:
        return Response(status=204)  # tells an EventSource not to come back
    place = _place(here)
    gone = partial(peers.is_gone, request.environ)
    lines = _lines(_following(here, job.id, position, backlog, gone))
    return _streaming(lines, place)


def _place(here: Gateway) -> Place:
    place = here.places.take()
    if place is None:
        detail = f"all {here.places.capacity} streams are taken; poll the job instead"
        headers = {"Retry-After": str(STREAMS_RETRY_SECONDS)}
        raise Problem("streams-taken", detail, headers=headers)
    return place


def _streaming(lines: Iterator[bytes], place: Place) -> Response:
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    answer = Response(lines, headers=headers, mimetype="text/event-stream")
    answer.call_on_close(place.release)
    return answer


def _following(
    here: Gateway, job_id: str, position: str, backlog: list[Event], gone: partial[bool]
) -> Iterator[Event | None]:
    yield from backlog
    position = backlog[-1].id if backlog else position
    if backlog and backlog[-1].last:
        return
    checked = time.monotonic()
    for event in follow(here.fanout, job_id, position, gone):
        yield event
        position = event.id if event else position
        if event is None and time.monotonic() - checked > KEEP_ALIVE_SECONDS:
            checked = time.monotonic()
            if exhausted(here.redis, job_id, position):
                return


def _lines(following: Iterator[Event | None]) -> Iterator[bytes]:
    yield f"retry: {RECONNECT_MILLISECONDS}\n\n".encode()
    spoke = time.monotonic()
    for event in following:
        if event is not None:
            spoke = time.monotonic()
            yield message(event)
        elif time.monotonic() - spoke > KEEP_ALIVE_SECONDS:
            spoke = time.monotonic()
            yield b": keep-alive\n\n"


def message(event: Event) -> bytes:
    """One event on the wire."""
    data = json.dumps(event.data, ensure_ascii=False)
    return f"id: {event.id}\nevent: {event.type}\ndata: {data}\n\n".encode()
