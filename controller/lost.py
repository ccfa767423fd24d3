"""Tickets that are missing, and tickets that are left over."""

from redis import Redis

from services.contract import dispatch, jobs, keys, tickets, transitions
from services.contract.jobs import Job, Queue, Status

# A younger job's ticket may still be on its way from the gateway, or to a worker's claim.
GRACE_SECONDS = 5.0


def fewer_than_waiting(redis: Redis, queue: Queue) -> bool:
    """True when some waiting job of the queue cannot have a ticket."""
    pipeline = redis.pipeline(transaction=False)
    for priority in jobs.PRIORITIES:
        pipeline.zcard(keys.waiting(queue, priority))
    for name in dispatch.ticket_lists(redis, queue):
        pipeline.llen(name)
    counts = pipeline.execute()
    return sum(counts[: len(jobs.PRIORITIES)]) > sum(counts[len(jobs.PRIORITIES) :])


def lost_tickets(redis: Redis, queue: Queue, now: float) -> list[Job]:
    """Waiting jobs, queued some seconds before `now`, that no list holds a ticket for."""
    missing = _waiting(redis, queue) - _listed(redis, queue)
    return [
        job
        for job in transitions.get_many(redis, sorted(missing))
        if job.status is Status.QUEUED and job.queued_at < now - GRACE_SECONDS
    ]


def _waiting(redis: Redis, queue: Queue) -> set[str]:
    pipeline = redis.pipeline(transaction=False)
    for priority in jobs.PRIORITIES:
        pipeline.zrange(keys.waiting(queue, priority), 0, -1)
    return {job_id for ids in pipeline.execute() for job_id in ids}


def _listed(redis: Redis, queue: Queue) -> set[str | None]:
    pipeline = redis.pipeline(transaction=False)
    for name in dispatch.ticket_lists(redis, queue):
        pipeline.lrange(name, 0, -1)
    return {tickets.job_id(message) for messages in pipeline.execute() for message in messages}


def stale_deliveries(redis: Redis) -> list[str]:
    """Tags of tickets that a worker took and never acknowledged, though their job has ended."""
    taken = tickets.unacknowledged(redis)
    alive = {
        job.id
        for job in transitions.get_many(redis, sorted(set(taken.values())))
        if not job.finished
    }
    return sorted(tag for tag, job_id in taken.items() if job_id not in alive)


def expired(redis: Redis, cursor: int, count: int) -> tuple[int, list[str]]:
    """Some ids among all jobs' whose record has expired, and the cursor for the next call."""
    cursor, page = redis.zscan(keys.JOBS, cursor, count=count)
    ids = [job_id for job_id, _ in page]
    pipeline = redis.pipeline(transaction=False)
    for job_id in ids:
        pipeline.exists(keys.job(job_id))
    return cursor, [
        job_id for job_id, there in zip(ids, pipeline.execute(), strict=True) if not there
    ]
