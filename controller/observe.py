"""What the controller decides from: the load, the level in force, and a person's pin."""

from dataclasses import dataclass

from redis import Redis

from services.contract import level, queues
from services.contract.jobs import Queue
from services.contract.level import Pin
from services.contract.policy import PolicyState
from services.contract.queues import Load


@dataclass(frozen=True)
class Observation:
    """One look at Redis; `load.now` is its time, in seconds since the epoch."""

    load: Load
    states: dict[Queue, PolicyState | None]
    pins: dict[Queue, Pin | None]


def observe(redis: Redis) -> Observation:
    """What is outstanding, and what is in force: two round trips, for it is done all the time."""
    load, standing = queues.load(redis), level.standing(redis)
    return Observation(
        load,
        {queue: state for queue, (state, _) in standing.items()},
        {queue: pin for queue, (_, pin) in standing.items()},
    )
