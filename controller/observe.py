"""What the controller decides from: the load, the level in force, and a person's pin."""

from dataclasses import dataclass

from redis import Redis

from services.contract import level, queues
from services.contract.jobs import QUEUES, Queue
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
    """What is outstanding, and what is in force."""
    return Observation(
        queues.load(redis),
        {queue: level.read(redis, queue) for queue in QUEUES},
        {queue: level.pinned(redis, queue) for queue in QUEUES},
    )
