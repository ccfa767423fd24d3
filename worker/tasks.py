"""The only file of the worker that knows Celery: a ticket comes in, an attempt is made.

Celery settings and their reasons: services/contract/tickets.py. A worker that is told to stop
takes no more tickets; the attempts under way see it, hand their jobs back, and put their tickets
back in the queue.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from celery import Celery, signals
from celery.exceptions import Reject
from kombu.exceptions import OperationalError
from redis import Redis, RedisError

from services.contract import dispatch, tickets
from services.contract.dispatch import Rule
from services.contract.jobs import Job, Kind
from worker.attempt import Perform, attempt
from worker.claims import Claims
from worker.device import DeviceLost

logger = logging.getLogger(__name__)

EXIT_DEVICE_LOST = 3
HOLD_SECONDS = 1.0


@dataclass(frozen=True)
class Service:
    """What one worker process offers, and what is called when it opens and closes.

    `queues` are those of Celery that it reads; `hangs` says whether no work moves.
    """

    queues: Sequence[str]
    name: str
    concurrency: int
    performers: Mapping[Kind, Perform]
    opened: Callable[[], None]
    closing: Callable[[], None]
    hangs: Callable[[], bool]


def connect(redis_address: str) -> Celery:
    """The Celery app of this process."""
    app = Celery("storyteller")
    app.conf.update(tickets.celery_settings(redis_address))
    return app


def publisher(app: Celery, redis: Redis, rule: Rule) -> Callable[[Job], None]:
    """Publishes a job's ticket; one that gets lost is published again by the controller."""

    def publish(job: Job) -> None:
        try:
            dispatch.publish(app, redis, job, rule)
        except (OperationalError, RedisError) as error:
            logger.warning(
                "ticket not published, the controller will do it: %s", error, extra={"job": job.id}
            )

    return publish


class Breakdown:
    """Ends this process, once, whichever job finds first that the device is lost."""

    def __init__(self) -> None:
        self._latch = threading.Lock()

    @property
    def happened(self) -> bool:
        """Whether the process ends for this reason."""
        return self._latch.locked()

    def end_process(self, error: DeviceLost) -> None:
        """Stop as if told to from outside, so that the other jobs are handed back."""
        if self._latch.acquire(blocking=False):
            logger.critical(
                "the device is lost to this process, which ends; start it again: %s", error
            )
            os.kill(os.getpid(), signal.SIGTERM)


def serve(app: Celery, claims: Claims, service: Service) -> int:
    """Take tickets until told to stop; the process's exit status, EXIT_DEVICE_LOST where a job
    found that the device is."""
    breakdown = Breakdown()

    @app.task(name=tickets.TASK)
    def perform(job_id: str) -> None:
        try:
            moves = await_motion(service.hangs, claims.stopping)
            done = moves and attempt(job_id, claims, service.performers)
        except DeviceLost as error:
            # Its ticket is void: the reconciler publishes another with the next attempt.
            claims.stopping.set()
            breakdown.end_process(error)
            return
        if not done:
            raise Reject("handed back", requeue=True)

    _on_signals(claims.stopping, service)
    worker = app.Worker(
        pool="threads",
        concurrency=service.concurrency,
        queues=list(service.queues),
        hostname=service.name,
        without_gossip=True,
        without_mingle=True,
        quiet=True,
        loglevel=logging.getLogger().level,
    )
    worker.start()
    return EXIT_DEVICE_LOST if breakdown.happened else worker.exitcode or 0


def await_motion(hangs: Callable[[], bool], stopping: threading.Event) -> bool:
    """Wait while the worker hangs; False once it is told to stop."""
    # The ticket is not put back: this worker's free slots would take it again and again. A slot
    # that holds one takes no other, and the controller publishes the job's ticket anew.
    while hangs():
        if stopping.wait(HOLD_SECONDS):
            return False
    return True


def _on_signals(stopping: threading.Event, service: Service) -> None:
    @signals.worker_ready.connect(weak=False)
    def opened(**_: object) -> None:
        service.opened()

    @signals.worker_shutting_down.connect(weak=False)
    def closing(**_: object) -> None:
        stopping.set()
        service.closing()
