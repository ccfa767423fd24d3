"""What recent jobs took, in the order in which they ended: what estimates of service time go by."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from services.contract import keys
from services.contract.jobs import Queue

BEGINNING = "0-0"
"""An id before every sample's."""


class Sample(NamedTuple):
    """One finished job; its times in seconds.

    `elapsed` is what the worker was at it and `share` its part of the worker's time, so that on
    average units·elapsed/share stories or pictures were under way. `response` is from acceptance to
    end, and `predicted` what the client had been told of it; None where nothing was.
    """

    id: str
    share: float
    elapsed: float
    kind: str
    level: str
    """The level's name; empty where the job had none."""
    response: float
    predicted: float | None
    units: int = 1
    """Pictures that the job drew; 1 of other jobs."""
    settings: str = ""
    """Digest of what the level asked of the model; empty where the worker did not say."""
    retimed: bool = False
    """Whether it was drawn at another level, too, than the one it ended at."""


def after(redis: Any, queue: Queue, entry_id: str = BEGINNING) -> list[Sample]:
    """The samples that came after the one with this id, oldest first: 500 or so are kept."""
    return after_each(redis, {queue: entry_id})[queue]


def after_each(redis: Any, entry_ids: Mapping[Queue, str]) -> dict[Queue, list[Sample]]:
    """The same of several queues in one round trip, each after an id of its own."""
    pipeline = redis.pipeline(transaction=False)
    for queue, entry_id in entry_ids.items():
        pipeline.xrange(keys.samples(queue), min=f"({entry_id}")
    return {
        queue: [sample(*entry) for entry in entries]
        for queue, entries in zip(entry_ids, pipeline.execute(), strict=True)
    }


def sample(entry_id: str, fields: dict[str, str]) -> Sample:
    """One entry of the stream; those of older versions lack the last fields."""
    return Sample(
        id=entry_id,
        share=float(fields["share"]),
        elapsed=float(fields["elapsed"]),
        kind=fields["kind"],
        level=fields["level"],
        response=float(fields["response"]),
        predicted=float(fields["predicted"]) if fields["predicted"] else None,
        units=int(fields.get("units", 1)),
        settings=fields.get("settings", ""),
        retimed=bool(fields.get("retimed")),
    )
