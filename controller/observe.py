"""What the controller decides from: the load, the level in force, and a person's pin."""

from dataclasses import dataclass

from redis import Redis

from services.contract import keys, level, queues
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
    """What is outstanding, and what is in force: two round trips, for it is done all the time."""
    pipeline = redis.pipeline(transaction=False)
    for queue in QUEUES:
        pipeline.hgetall(keys.policy(queue))
        pipeline.hgetall(keys.pin(queue))
    load, answers = queues.load(redis), pipeline.execute()
    states, pins = map(level.state_of, answers[::2]), map(level.pin_of, answers[1::2])
    return Observation(
        load, dict(zip(QUEUES, states, strict=True)), dict(zip(QUEUES, pins, strict=True))
    )
