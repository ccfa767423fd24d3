"""What happened to a job, as a stream that can be read again from any point."""

import json
from dataclasses import dataclass
from typing import Any

from services.contract import keys

LAST = frozenset({"succeeded", "failed", "cancelled"})
BEGINNING = "0-0"


@dataclass(frozen=True)
class Event:
    """One thing that happened; `id` orders a job's events and resumes a stream after it."""

    id: str
    type: str
    data: dict[str, Any]

    @property
    def last(self) -> bool:
        """True when nothing can follow."""
        return self.type in LAST


def _event(entry: tuple[str, dict[str, str]]) -> Event:
    event_id, fields = entry
    return Event(event_id, fields["type"], json.loads(fields["data"]))


def after(redis: Any, job_id: str, event_id: str = BEGINNING) -> list[Event]:
    """A job's events after the one with this id."""
    return [_event(entry) for entry in redis.xrange(keys.events(job_id), min=f"({event_id}")]


def read(redis: Any, positions: dict[str, str], *, block_seconds: float) -> dict[str, list[Event]]:
    """New events of many jobs at once: waits up to `block_seconds` for the first.

    `positions` maps a job's id to the id of the last event already seen.
    """
    streams = {keys.events(job_id): event_id for job_id, event_id in positions.items()}
    answer = redis.xread(streams, block=int(block_seconds * 1000)) or {}
    pairs = answer.items() if isinstance(answer, dict) else answer
    by_key = {keys.events(job_id): job_id for job_id in positions}
    return {by_key[key]: _entries(batch) for key, batch in pairs}


def _entries(batch: list[Any]) -> list[Event]:
    # RESP3 wraps a stream's entries in one more list than RESP2 does.
    entries = batch[0] if batch and isinstance(batch[0], list) else batch
    return [_event(entry) for entry in entries]
