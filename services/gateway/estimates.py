"""How long a job will take, from depth, recent service times and workers alone."""

import math

from services.contract.jobs import Job, Status
from services.contract.queues import Load, QueueLoad


def until_done(queue: QueueLoad, jobs: int) -> float | None:
    """Seconds until so many jobs are done: jobs × mean service / workers; None if unknown."""
    if jobs == 0:
        return 0.0
    if queue.service_mean == 0:
        return None
    return jobs * queue.service_mean / max(queue.workers, 1)


def predicted_wait(load: Load) -> float | None:
    """Seconds until everything outstanding is done, in the slower queue; None if unknown."""
    waits = [until_done(queue, queue.depth) for queue in load.queues.values()]
    known = [wait for wait in waits if wait is not None]
    return max(known) if len(known) == len(waits) else None


def eta(job: Job, load: Load, position: int | None) -> float | None:
    """Seconds until an unfinished job is done; None if finished or unknown.

    `position` counts the jobs before it in its queue; a running job has none. Those that run
    share their workers, so a running one is done when all of them would be, begun together.
    """
    queue = load.queues[job.queue]
    if job.status == Status.QUEUED:
        return until_done(queue, queue.running + (position or 0) + 1)
    if job.status == Status.RUNNING and job.started_at is not None and queue.service_mean:
        together = max(queue.service_mean, until_done(queue, queue.running) or 0.0)
        return max(together - (load.now - job.started_at), 0.0)
    return None


def place_free(queue: QueueLoad) -> int:
    """Whole seconds until one more job is likely done, at least 1: for Retry-After."""
    return max(1, math.ceil(queue.service_mean / max(queue.workers, 1)))
