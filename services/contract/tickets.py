"""The Celery message: a ticket that carries a job's id and nothing else.

Losing or doubling a ticket changes nothing that a client can see, because a worker acts on the
job's record alone. The settings and their reasons are in docs/decisions/.
"""

import json
from typing import Any, Protocol

from services.contract.connection import SOCKET_TIMEOUT_SECONDS
from services.contract.jobs import QUEUES, Job, Priority, Queue

TASK = "storyteller.perform"
# On a Redis broker 0 comes first, unlike on RabbitMQ.
BROKER_PRIORITY: dict[Priority, int] = {"high": 0, "normal": 3, "low": 6}
PRIORITY_STEPS = [0, 3, 6, 9]
UNACKED = "unacked"
UNACKED_INDEX = "unacked_index"


class Publisher(Protocol):
    """The part of a Celery app that publishes."""

    def send_task(self, name: str, **options: Any) -> Any:
        """Put a message in a queue."""


def celery_settings(redis_address: str) -> dict[str, Any]:
    """The one block of Celery settings, for the side that publishes and the side that consumes."""
    return {
        "broker_url": redis_address,
        "result_backend": None,
        "task_ignore_result": True,
        "broker_transport_options": {
            # Far above the longest job: a short one would start jobs twice. The lease recovers.
            "visibility_timeout": 6 * 3600,
            "priority_steps": PRIORITY_STEPS,
            "socket_timeout": SOCKET_TIMEOUT_SECONDS,
            "socket_connect_timeout": 3,
            "socket_keepalive": True,
            "health_check_interval": 10,
        },
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "task_acks_late": True,
        "worker_prefetch_multiplier": 1,
        "worker_disable_prefetch": True,
        "task_serializer": "json",
        "accept_content": ["json"],
        "result_serializer": "json",
        "worker_soft_shutdown_timeout": 0,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "worker_hijack_root_logger": False,
        "task_send_sent_event": False,
        "worker_send_task_events": False,
        "task_default_queue": QUEUES[0],
    }


def own_queue(queue: Queue, worker: str) -> str:
    """The Celery queue of one worker alone, beside the one that all workers of `queue` share."""
    return f"{queue}@{worker}"


def publish(app: Publisher, job: Job, worker: str = "") -> None:
    """Put a ticket for a waiting job where a worker, or only the named one, will find it.

    Raises what the broker raises.
    """
    app.send_task(
        TASK,
        args=(job.id,),
        task_id=job.id,
        queue=own_queue(job.queue, worker) if worker else job.queue,
        priority=BROKER_PRIORITY[job.priority],
        retry=False,
    )


def lists(queue: str) -> list[str]:
    """The Redis lists in which tickets of one Celery queue lie."""
    return [queue, *(f"{queue}\x06\x16{step}" for step in PRIORITY_STEPS[1:])]


def job_id(message: str) -> str | None:
    """The job that a message in one of those lists is a ticket for; None for anything else."""
    try:
        return json.loads(message)["headers"]["id"]
    except (ValueError, KeyError, TypeError):
        return None


def unacknowledged(redis: Any) -> dict[str, str]:
    """Tickets that a worker took and has not acknowledged: the job's id by the delivery's tag."""
    taken = {tag: _delivered(entry) for tag, entry in redis.hgetall(UNACKED).items()}
    return {tag: job_id for tag, job_id in taken.items() if job_id is not None}


def _delivered(entry: str) -> str | None:
    """The job in an entry of the broker's hash, None for another application's message."""
    try:
        headers = json.loads(entry)[0]["headers"]
        return headers["id"] if headers["task"] == TASK else None
    except (ValueError, KeyError, TypeError, IndexError):
        return None


def take(redis: Any, queue: str) -> list[str]:
    """Empty the lists of a Celery queue at once: the ids of the jobs that had tickets there."""
    pipeline = redis.pipeline()
    for name in lists(queue):
        pipeline.lrange(name, 0, -1)
    pipeline.delete(*lists(queue))
    *found, _ = pipeline.execute()
    ids = (job_id(message) for messages in found for message in messages)
    return [found_id for found_id in ids if found_id is not None]


def undeclare(redis: Any, queue: str) -> None:
    """Let the broker forget a Celery queue that nobody reads any more."""
    bindings = (f"_kombu.{kind}.{queue}" for kind in ("binding", "binding_permanent"))
    redis.delete(*bindings, *lists(queue))


def drop(redis: Any, tags: list[str]) -> None:
    """Forget unacknowledged deliveries, so that the broker never delivers them again."""
    pipeline = redis.pipeline()
    pipeline.zrem(UNACKED_INDEX, *tags)
    pipeline.hdel(UNACKED, *tags)
    pipeline.execute()
