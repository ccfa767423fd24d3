"""A page of jobs, newest first, however many there are."""

import base64
import binascii
import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from services.contract import keys, transitions
from services.contract.jobs import Job, Kind, Status
from services.gateway.problems import invalid

BATCH = 100
# A rare filter over many jobs costs no more than this; the cursor goes on from there.
SCANNED = 1000
_CURSOR = re.compile(r"(\d{1,12}(?:\.\d{1,9})?):([0-9a-f]{32})")


class ListQuery(BaseModel):
    """Which jobs, how many, and from where on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Status | None = Field(None, description="Only jobs in this status.")
    kind: Kind | None = Field(None, description="Only jobs of this kind.")
    limit: int = Field(20, ge=1, le=100, description="Most jobs in the answer.")
    cursor: str | None = Field(None, description="`next` of the page before.")

    def matches(self, job: Job) -> bool:
        """True for a job that was asked for."""
        return self.status in {None, job.status} and self.kind in {None, job.kind}


class Entry(NamedTuple):
    """A place in the list: when a job was created, and its id."""

    created: float
    job_id: str


def encode(entry: Entry) -> str:
    """The cursor that goes on after this place."""
    return base64.urlsafe_b64encode(f"{entry.created!r}:{entry.job_id}".encode()).decode()


def decode(cursor: str) -> Entry:
    """The place a cursor stands for. Raises Problem for what is no cursor."""
    try:
        text = base64.urlsafe_b64decode(cursor.encode()).decode()
    except (binascii.Error, UnicodeError):
        text = ""
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise invalid("cursor", "must be `next` of the page before, unchanged")
    return Entry(float(match[1]), match[2])


def page(redis: Any, query: ListQuery) -> tuple[list[Job], str | None]:
    """The jobs that match, and the cursor of what follows."""
    found: list[Job] = []
    place = decode(query.cursor) if query.cursor is not None else None
    for entry, job in islice(_newest(redis, place), SCANNED):
        place = entry
        if job is not None and query.matches(job):
            found.append(job)
        if len(found) == query.limit:
            break
    more = place is not None and bool(_entries(redis, place))
    return found, encode(place) if more else None


def _newest(redis: Any, start: Entry | None) -> Iterator[tuple[Entry, Job | None]]:
    while batch := _entries(redis, start):
        jobs = {job.id: job for job in transitions.get_many(redis, [e.job_id for e in batch])}
        for entry in batch:
            yield entry, jobs.get(entry.job_id)
        start = batch[-1]


def _entries(redis: Any, start: Entry | None) -> list[Entry]:
    highest = "+inf" if start is None else repr(start.created)
    rows = redis.zrevrangebyscore(keys.JOBS, highest, "-inf", 0, BATCH, withscores=True)
    entries = [Entry(float(score), job_id) for job_id, score in rows]
    # Of equal times Redis puts the greater id first, so a smaller pair always comes later.
    return [entry for entry in entries if start is None or entry < start]
