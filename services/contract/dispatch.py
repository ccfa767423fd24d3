"""Dispatch: which Celery queue a job's ticket goes to.

`shared`: one queue, from which every worker takes. `jsq`: join the shortest queue, after the
textbooks' name; each ticket goes to the *station* with the fewest outstanding jobs, a station being
a worker with a queue of its own. Where no station lives, the shared queue takes the ticket, and
every station reads that one too. A job that waits or runs at a station is *assigned* to it; the
transitions keep the sets of assigned jobs exact. docs/decisions/0008-join-the-shortest-queue.md.
"""

import random
from typing import Any, Literal

from services.contract import keys, queues, tickets, transitions
from services.contract.connection import run_script, server_time
from services.contract.jobs import Job, Queue
from services.contract.tickets import Publisher

Rule = Literal["shared", "jsq"]


def publish(app: Publisher, redis: Any, job: Job, rule: Rule) -> None:
    """Put a ticket for a waiting job where the rule says.

    Raises what the broker raises, and under `jsq` RedisError: then no ticket is out, and the
    reconciler publishes one.
    """
    tickets.publish(app, job, assign(redis, job) if rule == "jsq" else "")


def assign(redis: Any, job: Job) -> str:
    """Assign a waiting job to the station with the fewest jobs, by lot among equals; its name.

    "" where no station lives, or the job does not wait: then it is nobody's.
    """
    horizon = queues.WORKER_HORIZON_SECONDS
    return run_script(redis, "assign", job.id, horizon, random.random())


def outstanding(redis: Any, worker: str) -> int:
    """Unfinished jobs assigned to a worker: those that wait for it, and those it runs."""
    return redis.scard(keys.assigned(worker))


def consumed(queue: Queue, worker: str, rule: Rule) -> list[str]:
    """The Celery queues that a worker reads. Neither comes first: priority decides, then turns."""
    return [queue] if rule == "shared" else [tickets.own_queue(queue, worker), queue]


def open_station(redis: Any, queue: Queue, worker: str) -> None:
    """Record that a worker reads a queue of its own; repeated with each check-in."""
    redis.zadd(keys.stations(queue), {worker: server_time(redis)})


def ticket_lists(redis: Any, queue: Queue) -> list[str]:
    """The Redis lists in which tickets of a queue may lie: the shared ones and every station's."""
    stations = redis.zrange(keys.stations(queue), 0, -1)
    names = [queue, *(tickets.own_queue(queue, worker) for worker in stations)]
    return [found for name in names for found in tickets.lists(name)]


def abandoned(redis: Any, queue: Queue) -> list[str]:
    """Stations whose worker checked out, or fell silent."""
    stations = redis.zrange(keys.stations(queue), 0, -1)
    alive = queues.live_workers(redis, queue) if stations else set()
    return [worker for worker in stations if worker not in alive]


def clear(redis: Any, queue: Queue, worker: str) -> list[Job]:
    """Empty a station: the jobs that waited there, which are nobody's now and need a ticket.

    Tickets for anything else are dropped. The broker may still return one to the station, so it is
    cleared again until it is forgotten.
    """
    found = tickets.take(redis, tickets.own_queue(queue, worker))
    return transitions.get_many(redis, run_script(redis, "release", worker, *found))


def forget(redis: Any, queue: Queue) -> None:
    """Remove the stations whose worker has been silent for an hour, with all they have."""
    oldest = server_time(redis) - queues.WORKER_FORGOTTEN_SECONDS
    for worker in redis.zrangebyscore(keys.stations(queue), "-inf", oldest):
        tickets.undeclare(redis, tickets.own_queue(queue, worker))
        redis.delete(keys.assigned(worker))
        redis.zrem(keys.stations(queue), worker)
