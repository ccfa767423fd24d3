"""How much is outstanding: exact, in one round trip, from the records' own sets."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from services.contract import jobs, keys
from services.contract.connection import run_script, server_time
from services.contract.jobs import Job, Priority, Queue

ARRIVAL_WINDOW_SECONDS = 60.0
WORKER_HORIZON_SECONDS = 15.0
WORKER_FORGOTTEN_SECONDS = 3600.0
LOAD_ARGUMENTS = (ARRIVAL_WINDOW_SECONDS, WORKER_HORIZON_SECONDS)
"""Of load.lua."""


class QueueLoad(BaseModel):
    """One queue: jobs waiting and running, the age of the oldest waiting, mean recent share.

    `depth` counts jobs, as clients see them; `workload` what is left for this queue's workers.
    """

    model_config = ConfigDict(frozen=True)

    waiting: int
    running: int
    oldest_age: float
    service_mean: float
    workers: int
    drawing: int = 0
    """Running books that are written: they wait for pictures, which another queue counts."""
    sisters: int = 0
    """Pictures outstanding beyond the first of each job."""
    arrivals: int = 0
    """Stories or pictures ever asked for: differences of it are arrivals."""
    by_priority: dict[Priority, int] = {}
    """Those that wait."""

    @property
    def depth(self) -> int:
        """Accepted jobs that are not finished."""
        return self.waiting + self.running

    @property
    def active(self) -> int:
        """Running jobs that occupy this queue's workers."""
        return max(self.running - self.drawing, 0)

    @property
    def workload(self) -> int:
        """Stories to write, or pictures to draw: the depth that levels and predictions go by."""
        return self.waiting + self.active + self.sisters

    def before(self, priority: Priority) -> int:
        """Stories or pictures that a new job of this priority finds ahead of it."""
        lower = jobs.PRIORITIES[jobs.PRIORITIES.index(priority) + 1 :]
        waiting = self.waiting - sum(self.by_priority.get(each, 0) for each in lower)
        return self.units(self.active + waiting)

    def units(self, count: int, own: int = 0) -> int:
        """Stories or pictures of so many jobs, at the mean of those outstanding; of the others, if
        one of them has `own` pictures and asks."""
        return round(max(count, 0) * self.units_per_job(own))

    def units_per_job(self, own: int = 0) -> float:
        """That mean; 1 for stories, and where nothing is outstanding."""
        others = self.active + self.waiting - min(own, 1)
        return max((self.workload - own) / others, 1.0) if others > 0 else 1.0


class Load(BaseModel):
    """Both queues at one moment, by the clock of Redis; `arrival_rate` in jobs a second."""

    model_config = ConfigDict(frozen=True)

    now: float
    arrival_rate: float
    queues: dict[Queue, QueueLoad]

    @property
    def depth(self) -> int:
        """Every accepted job that is not finished."""
        return sum(queue.depth for queue in self.queues.values())

    @property
    def oldest_age(self) -> float:
        """Seconds that the oldest waiting job has waited; 0 where none waits."""
        return max(queue.oldest_age for queue in self.queues.values())


def load(redis: Any) -> Load:
    """What is outstanding now."""
    return Load.model_validate_json(run_script(redis, "load", *LOAD_ARGUMENTS))


def position(redis: Any, job: Job) -> int | None:
    """Jobs that go before this one in its queue; None once it no longer waits."""
    earlier = jobs.PRIORITIES[: jobs.PRIORITIES.index(job.priority)]
    pipeline = redis.pipeline(transaction=False)
    pipeline.zrank(keys.waiting(job.queue, job.priority), job.id)
    for priority in earlier:
        pipeline.zcard(keys.waiting(job.queue, priority))
    rank, *before = pipeline.execute()
    return None if rank is None else rank + sum(before)


def check_in(redis: Any, queue: Queue, worker: str) -> None:
    """Record that a worker is ready for jobs of this queue; repeated every few seconds.

    Workers silent for an hour are forgotten, with the version of the policy they applied.
    """
    now = server_time(redis)
    dead = redis.zrangebyscore(keys.workers(queue), "-inf", now - WORKER_FORGOTTEN_SECONDS)
    pipeline = redis.pipeline()
    pipeline.zadd(keys.workers(queue), {worker: now})
    if dead:
        pipeline.zrem(keys.workers(queue), *dead)
        pipeline.hdel(keys.POLICY_APPLIED, *dead)
    pipeline.expire(keys.workers(queue), 86400)
    pipeline.execute()


def live_workers(redis: Any, queue: Queue) -> set[str]:
    """Workers of a queue that checked in of late."""
    since = server_time(redis) - WORKER_HORIZON_SECONDS
    return set(redis.zrangebyscore(keys.workers(queue), since, "+inf"))


def check_out(redis: Any, queue: Queue, worker: str) -> None:
    """Record that a worker takes no more jobs."""
    redis.zrem(keys.workers(queue), worker)
