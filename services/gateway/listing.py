"""A page of jobs, newest first, however many there are."""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from services.contract import keys, transitions
from services.contract.jobs import Job, Kind, Status

BATCH = 100
# A rare filter over many jobs costs no more than this; the cursor goes on from there.
SCANNED = 1000
# A time as Redis has it, in microseconds, and an id; clients pass it on as it is.
CURSOR = r"^[0-9]{1,10}\.[0-9]{6}-[0-9a-f]{32}$"


class ListQuery(BaseModel):
    """Which jobs, how many, and from where on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: Status | None = Field(None, description="Only jobs in this status.")
    kind: Kind | None = Field(None, description="Only jobs of this kind.")
    limit: int = Field(20, ge=1, le=100, description="Most jobs in the answer.")
    cursor: str | None = Field(
        None, pattern=CURSOR, description="`next` of the page before, unchanged."
    )

    def matches(self, job: Job) -> bool:
        """True for a job that was asked for."""
        return self.status in {None, job.status} and self.kind in {None, job.kind}


class Entry(NamedTuple):
    """A place in the list: when a job was created, and its id."""

    created: float
    job_id: str


def encode(entry: Entry) -> str:
    """The cursor that goes on after this place."""
    return f"{entry.created:.6f}-{entry.job_id}"


def decode(cursor: str) -> Entry:
    """The place that a cursor stands for."""
    created, _, job_id = cursor.partition("-")
    return Entry(float(created), job_id)


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
    highest = "+inf" if start is None else f"{start.created:.6f}"
    rows = redis.zrevrangebyscore(keys.JOBS, highest, "-inf", 0, BATCH, withscores=True)
    entries = [Entry(float(score), job_id) for job_id, score in rows]
    # Of equal times Redis puts the greater id first, so a smaller pair always comes later.
    return [entry for entry in entries if start is None or entry < start]
