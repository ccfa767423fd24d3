"""The queue as a client sees it."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, Field

from services.contract.calibration import Calibration
from services.contract.forecast import Rate
from services.contract.jobs import Queue
from services.contract.ladder import AppliedLevel
from services.contract.policy import PolicyState
from services.gateway import estimates
from services.gateway.outlook import Outlook, Prospect
from services.gateway.views import moment


class QueueLevel(BaseModel):
    """The level that jobs get now."""

    index: int
    name: str
    since: datetime
    reason: str


class Newcomer(BaseModel):
    """How long a job accepted now would take, at the level in force, as the live model has it."""

    mean_seconds: float
    p10_seconds: float
    p90_seconds: float


class QueueDetail(BaseModel):
    """One queue alone."""

    workers: int = Field(description="Workers seen in the last seconds.")
    oldest_age_seconds: float
    service_seconds: float | None = Field(
        description="Mean of the latest stories or pictures; null if none."
    )
    predicted_wait_seconds: float | None
    predicted_response: Newcomer | None = Field(description="null where no controller predicts.")
    estimated_arrival_rate: Rate | None = Field(
        description="Stories or pictures a second and the standard error; null without a model."
    )
    calibration: Calibration | None = Field(
        description="What clients were told against what came; null before any job ended."
    )
    level: QueueLevel | None = Field(description="null before a controller has decided.")
    pinned: bool = Field(description="A person holds the level.")


@dataclass(frozen=True)
class InForce:
    """What a queue's jobs get now, and how good its estimates were of late."""

    level: QueueLevel | None
    pinned: bool
    calibration: Calibration | None


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


def view(outlook: Outlook, in_force: dict[Queue, InForce]) -> QueueView:
    """The whole answer."""
    load = outlook.load
    return QueueView(
        depth=load.depth,
        waiting={name: queue.waiting for name, queue in load.queues.items()},
        running={name: queue.running for name, queue in load.queues.items()},
        oldest_age_seconds=load.oldest_age,
        arrival_rate=load.arrival_rate,
        level=in_force["images"].level,
        pinned=any(each.pinned for each in in_force.values()),
        predicted_wait_seconds=estimates.predicted_wait(outlook),
        queues={
            name: _detail(prospect, in_force[name]) for name, prospect in outlook.queues.items()
        },
    )


def _detail(prospect: Prospect, in_force: InForce) -> QueueDetail:
    queue, model = prospect.load, prospect.forecast
    return QueueDetail(
        workers=queue.workers,
        oldest_age_seconds=queue.oldest_age,
        service_seconds=queue.service_mean or None,
        predicted_wait_seconds=estimates.until_drained(prospect),
        predicted_response=_newcomer(prospect) if model else None,
        estimated_arrival_rate=model.arrivals if model else None,
        **vars(in_force),
    )


def _newcomer(prospect: Prospect) -> Newcomer | None:
    found = prospect.response(prospect.load.workload)
    return found and Newcomer(
        mean_seconds=found.mean,
        p10_seconds=found.percentile(10),
        p90_seconds=found.percentile(90),
    )
