"""The queue as a client sees it."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field

from services.contract.jobs import Queue
from services.contract.ladder import AppliedLevel
from services.contract.policy import PolicyState
from services.contract.queues import Load
from services.gateway import estimates
from services.gateway.views import moment


class QueueLevel(BaseModel):
    """The level that jobs get now."""

    index: int
    name: str
    since: datetime
    reason: str


class QueueDetail(BaseModel):
    """One queue alone."""

    workers: int = Field(description="Workers seen in the last seconds.")
    oldest_age_seconds: float
    service_seconds: float | None = Field(description="Mean of the latest jobs; null if none.")
    predicted_wait_seconds: float | None
    level: QueueLevel | None = Field(description="null before a controller has decided.")
    pinned: bool = Field(description="A person holds the level.")


@dataclass(frozen=True)
class InForce:
    """What a queue's jobs get now."""

    level: QueueLevel | None
    pinned: bool


class QueueView(BaseModel):
    """What is outstanding, and how it is met."""

    depth: int = Field(description="Accepted jobs that are not finished.")
    waiting: dict[Queue, int]
    running: dict[Queue, int]
    oldest_age_seconds: float
    arrival_rate: float = Field(description="Jobs a second over the last minute.")
    level: QueueLevel | None = Field(description="That of the images; queues has both.")
    pinned: bool = Field(description="A person holds the level of a queue.")
    predicted_wait_seconds: float | None = Field(
        description="Until everything outstanding is done; null before any job was measured."
    )
    queues: dict[Queue, QueueDetail]


def level(applied: AppliedLevel, state: PolicyState) -> QueueLevel:
    """The level that `auto` means now; since its lease ended, where that is the fallback."""
    since = state.since if applied.version is not None else state.lease_until
    return QueueLevel(
        index=applied.index, name=applied.name, since=moment(since), reason=applied.reason
    )


def view(load: Load, in_force: dict[Queue, InForce]) -> QueueView:
    """The whole answer."""
    return QueueView(
        depth=load.depth,
        waiting={name: queue.waiting for name, queue in load.queues.items()},
        running={name: queue.running for name, queue in load.queues.items()},
        oldest_age_seconds=load.oldest_age,
        arrival_rate=load.arrival_rate,
        level=in_force["images"].level,
        pinned=any(each.pinned for each in in_force.values()),
        predicted_wait_seconds=estimates.predicted_wait(load),
        queues={
            name: QueueDetail(
                workers=queue.workers,
                oldest_age_seconds=queue.oldest_age,
                service_seconds=queue.service_mean or None,
                predicted_wait_seconds=estimates.until_done(queue, queue.depth),
                level=in_force[name].level,
                pinned=in_force[name].pinned,
            )
            for name, queue in load.queues.items()
        },
    )
