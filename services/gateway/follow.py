"""A job's events as they happen, for a stream or for a call that waits."""

import time
from collections.abc import Callable, Iterator
from typing import Any

from services.contract import events, transitions
from services.contract.events import Event
from services.contract.jobs import Job
from services.gateway.fanout import Fanout, order, take

TICK_SECONDS = 0.5


def follow(
    fanout: Fanout, job_id: str, position: str, gone: Callable[[], bool]
) -> Iterator[Event | None]:
    """The events after `position`; None at every tick without one.

    Ends after the job's last event, when the client is gone, or when the gateway stops.
    """
    with fanout.listen(job_id, position) as inbox:
        while not (gone() or fanout.stopping.is_set()):
            event = take(inbox, TICK_SECONDS)
            if event is not None and order(event.id) <= order(position):
                continue
            yield event
            if event is not None:
                position = event.id
                if event.last:
                    return


def exhausted(redis: Any, job_id: str, position: str) -> bool:
    """True when no event can follow `position`: the job has ended, or its record has expired."""
    job = transitions.get(redis, job_id)
    return job is None or (job.finished and not events.after(redis, job_id, position))


def wait_for_end(
    redis: Any, fanout: Fanout, job_id: str, seconds: float, gone: Callable[[], bool]
) -> Job | None:
    """The job once it has ended, or as it is after so many seconds."""
    deadline = time.monotonic() + seconds
    for event in follow(fanout, job_id, events.BEGINNING, gone):
        if (event is not None and event.last) or time.monotonic() >= deadline:
            break
    return transitions.get(redis, job_id)
