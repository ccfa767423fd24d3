"""Workers with a queue of their own, and what lies there, for tests of dispatch."""

from redis import Redis

from services.contract import dispatch, keys, queues, tickets
from services.contract.jobs import Queue
from services.contract.queues import WORKER_HORIZON_SECONDS
from tests.services.contract.making import state


def station(redis: Redis, *names: str, queue: Queue = "images") -> None:
    """Live workers with a queue of their own."""
    for name in names:
        dispatch.open_station(redis, queue, name)
        queues.check_in(redis, queue, name)


def silent(redis: Redis, name: str, seconds: float = WORKER_HORIZON_SECONDS + 1) -> None:
    """A worker that was last heard of so many seconds ago."""
    then = redis.time()[0] - seconds
    redis.zadd(keys.workers("images"), {name: then})
    redis.zadd(keys.stations("images"), {name: then})


def listed(redis: Redis, name: str) -> list[list[str | None]]:
    """The jobs with a ticket in a Celery queue, for each of its lists."""
    return [
        [tickets.job_id(message) for message in redis.lrange(found, 0, -1)]
        for found in tickets.lists(name)
    ]


def holders(redis: Redis) -> dict[str, set[str]]:
    """For each worker, the unfinished jobs whose record says that they are assigned to it."""
    found: dict[str, set[str]] = {}
    for job_id in redis.zrange(keys.JOBS, 0, -1):
        worker = redis.hget(keys.job(job_id), "assigned")
        if worker is not None:
            assert not state(redis, job_id).finished
            found.setdefault(worker, set()).add(job_id)
    return found


def sets(redis: Redis) -> dict[str, set[str]]:
    """For each worker, the jobs that its set says are assigned to it."""
    prefix = keys.assigned("")
    return {
        name.removeprefix(prefix): redis.smembers(name) for name in redis.scan_iter(prefix + "*")
    }
