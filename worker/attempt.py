"""One attempt at a job, from its ticket to its end: claim, perform, and finish once.

Whatever is raised on the way, SystemExit and MemoryError too, becomes a recorded failure: a
thread of a Celery pool that dies of one would keep its slot for ever. Only a lost device is the
process's end and not the job's: the attempt counts as one of a worker that was killed.
"""

import logging
import time
from collections.abc import Callable, Mapping

import redis
from redis import RedisError

from services.contract import transitions
from services.contract.jobs import Failure, Kind, Status
from services.contract.transitions import Hold, Outcome
from worker import device
from worker.claims import Claim, Claims
from worker.device import DeviceLost
from worker.interruptions import Cancelled, DeadlinePassed, LeaseLost, Stopping

logger = logging.getLogger(__name__)

Perform = Callable[[Claim], Outcome]

PERSIST_SECONDS = 120.0


def attempt(job_id: str, claims: Claims, performers: Mapping[Kind, Perform]) -> bool:
    """Work on the job of a ticket, if it still wants work. False: it was handed back.

    Raises DeviceLost, after which this process can do no job.
    """
    with claims.take(job_id) as claim:
        if claim is None:
            logger.info("ticket is void, dropped", extra={"job": job_id})
            return True
        try:
            outcome = performers[claim.job.kind](claim)
        except Stopping:
            _hand_back(claim, "the worker is stopping")
            return False
        except (redis.ConnectionError, redis.TimeoutError) as error:
            _hand_back(claim, f"Redis failed: {error}")
            return False
        except LeaseLost as reason:
            logger.warning("attempt dropped: %s", reason, extra={"job": job_id})
            return True
        except BaseException as error:  # see above: a slot must never leak
            if device.lost(error):
                _give_up(claim, error)
                raise DeviceLost(f"{error}") from error
            outcome = _ended_by(error, job_id)
        _finish(claim, outcome, claims.terms.retention_seconds)
        return True


def _hand_back(claim: Claim, reason: str) -> None:
    hold = _persistently(lambda: transitions.hand_back(claim.redis, claim.job, reason))
    told = "another owner has the job" if hold is Hold.LOST else "job handed back"
    logger.info("%s: %s", told, reason, extra={"job": claim.job.id})


def _give_up(claim: Claim, error: BaseException) -> None:
    """End the lease now: the reconciler gives the job to another worker, and counts the attempt,
    because it may be the job that breaks devices. Each job of a batch that failed loses one: which
    of them broke it is not known, and a job that did must come to an end."""
    logger.error("attempt lost with the device: %s", error, extra={"job": claim.job.id})
    _persistently(lambda: transitions.renew(claim.redis, claim.job, lease=0))


def _ended_by(error: BaseException, job_id: str) -> Outcome:
    if isinstance(error, Cancelled):
        return Outcome(Status.CANCELLED)
    if isinstance(error, DeadlinePassed):
        return Outcome(Status.FAILED, error=Failure(type="deadline", message=str(error)))
    logger.error("job failed: %r", error, exc_info=error, extra={"job": job_id})
    return Outcome(
        Status.FAILED,
        error=Failure(type=type(error).__name__, message=str(error) or "no further details"),
    )


def _finish(claim: Claim, outcome: Outcome, retention: float) -> None:
    hold = _persistently(
        lambda: transitions.finish(claim.redis, claim.job, outcome, retention=retention)
    )
    if hold is Hold.LOST:
        logger.warning("result dropped: the job has another owner", extra={"job": claim.job.id})
        return
    logger.info("job %s", outcome.status, extra={"job": claim.job.id, "job_level": _level(claim)})


def _level(claim: Claim) -> str | None:
    return claim.level.name if claim.level else None


def _persistently(transition: Callable[[], Hold]) -> Hold:
    """The transition's answer, however often Redis fails meanwhile; LOST after two minutes."""
    deadline = time.monotonic() + PERSIST_SECONDS
    while True:
        try:
            return transition()
        except RedisError as error:
            if time.monotonic() > deadline:
                logger.error("giving up: %s. The job will be done again once its lease ends", error)
                return Hold.LOST
            logger.warning("Redis failed, trying again: %s", error)
            time.sleep(1)
