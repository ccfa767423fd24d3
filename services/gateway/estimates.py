"""How long a job will take, and when to come back: pure, from an outlook."""

import math

from services.contract.forecast import Response
from services.contract.jobs import (
    QUEUE_OF,
    ImageRequest,
    Job,
    Queue,
    Status,
    StorybookRequest,
    StoryRequest,
    units,
)
from services.gateway import books
from services.gateway.outlook import Outlook, Prospect

Request = StoryRequest | ImageRequest | StorybookRequest

LONGEST_RETRY_SECONDS = 3600


def until_drained(prospect: Prospect) -> float | None:
    """Seconds until every outstanding story is written, or picture drawn; None if unknown."""
    if prospect.load.workload == 0:
        return 0.0
    last = prospect.response(prospect.load.workload - 1)
    return last and last.mean


def predicted_wait(outlook: Outlook) -> float | None:
    """Seconds until everything outstanding is done, in the slower queue; None if unknown."""
    waits = [until_drained(prospect) for prospect in outlook.queues.values()]
    known = [wait for wait in waits if wait is not None]
    return max(known) if len(known) == len(waits) else None


def newcomer(outlook: Outlook, request: Request) -> Response | None:
    """Of a job accepted now; None if unknown."""
    return _behind(outlook, request, _own(outlook, request).load.before(request.priority))


def alone(outlook: Outlook, request: Request) -> Response | None:
    """Of a job that finds nothing outstanding; None without a live model of what it needs."""
    if any(prospect.forecast is None for prospect in _needed(outlook, request)):
        return None
    return newcomer(outlook.emptied(), request)


def eta(job: Job, outlook: Outlook, position: int | None) -> float | None:
    """Seconds until an unfinished job is done; None if finished or unknown.

    `position` counts the jobs that go before it in its queue; a running job has none.
    """
    if job.status == Status.QUEUED:
        load = outlook.queues[job.queue].load
        ahead = load.units(load.active + (position or 0), units(job.request))
        found = _behind(outlook, job.request, ahead)
    elif job.status == Status.RUNNING and job.started_at is not None:
        found = _running(job, outlook, outlook.now - job.started_at)
    else:
        return None
    return found and found.mean


def until_meetable(outlook: Outlook, request: Request, too_long: float) -> int:
    """Whole seconds, 1 to 3600, until a response shorter by `too_long` seconds is to be had.

    The work ahead shrinks by a second a second, less ρ seconds that arrive meanwhile (the fluid
    approximation; Kleinrock 1976, section 2.7). A queue with ρ of 1 or more does not shrink; the
    answer then is for nobody arriving.
    """
    load = max(prospect.utilisation() for prospect in _needed(outlook, request))
    return _whole(too_long / (1 - load) if load < 1 else too_long)


def place_free(outlook: Outlook, queue: Queue | None, excess: int = 1) -> int:
    """Whole seconds, 1 to 3600, until so many jobs are likely done, of one queue or of any."""
    waited_for = [outlook.queues[queue]] if queue else outlook.queues.values()
    rate = sum(each.departure_rate() / each.load.units_per_job() for each in waited_for)
    return _whole(excess / rate if rate else 1)


def _whole(seconds: float) -> int:
    return min(max(1, math.ceil(seconds)), LONGEST_RETRY_SECONDS)


def _needed(outlook: Outlook, request: Request) -> list[Prospect]:
    own = _own(outlook, request)
    return list(outlook.queues.values()) if request.kind == "storybook" else [own]


def _own(outlook: Outlook, request: Request) -> Prospect:
    return outlook.queues[QUEUE_OF[request.kind]]


def _behind(outlook: Outlook, request: Request, ahead: int) -> Response | None:
    """Of a job with so many stories or pictures ahead of it in its queue.

    Its own pictures come together, and it ends with the last of them.
    """
    own = _own(outlook, request)
    found = own.response(ahead + units(request) - 1, request.level)
    alone = own.response(0, request.level)
    if found is None or alone is None or not isinstance(request, StorybookRequest):
        return found
    book = books.settled(request, own.rung(request.level))
    return books.whole(book, found, alone.mean, outlook.queues["images"])


def _running(job: Job, outlook: Outlook, spent: float) -> Response | None:
    """What is left of a job that has been worked on for so long.

    Those that run share their workers: it is done when all of them would be, begun together.
    """
    request, own = job.request, outlook.queues[job.queue]
    level = job.level.name if job.level else request.level
    beside = own.load.units(own.load.active - 1, units(request))
    whole = own.response(beside + units(request) - 1, level)
    if whole is None:
        return None
    left = Response(whole.remaining(spent), 0.0)
    if not isinstance(request, StorybookRequest):
        return left
    book = books.settled(request, job.level.level if job.level else own.rung(level))
    if job.progress is not None and job.progress.phase == "drawing":
        return books.drawing(job.progress, book, outlook.queues["images"])
    return books.whole(book, left, left.mean, outlook.queues["images"])
