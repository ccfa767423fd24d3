"""Brings the world back to what the records say: jobs, tickets, and what they left behind."""

import logging
from collections.abc import Callable

from redis import Redis

from controller import lost
from services.contract import dispatch, jobs, keys, tickets, transitions
from services.contract.connection import server_time
from services.contract.jobs import Job
from services.contract.settings import Settings
from services.contract.tickets import Publisher

logger = logging.getLogger(__name__)

# Doubled tickets hide a lost one from the count, so now and then every list is read.
FULL_SEARCH_SECONDS = 15.0
FORGET_SECONDS = 15.0
FORGET_COUNT = 1000


class Reconciler:
    """Sets right, every other second, what a killed process or a lost message left wrong.

    Each step is safe while another controller does the same. `now` is the time of Redis.
    """

    def __init__(self, redis: Redis, app: Publisher, settings: Settings) -> None:
        self._redis = redis
        self._app = app
        self._settings = settings
        self._cursor = 0
        self._searched_at = 0.0
        self._forgotten_at = 0.0
        self._spare_until = 0.0
        self._published_at: dict[str, float] = {}

    def steps(self) -> list[Callable[[float], None]]:
        """What one pass does; a step that fails must not keep the others from running."""
        return [
            self.reclaim,
            self.clear_stations,
            self.age,
            self.publish_lost,
            self.drop_stale,
            self.forget,
        ]

    def spare(self) -> None:
        """After an outage: give owners, who could not renew either, one lease to do so."""
        self._spare_until = server_time(self._redis) + self._settings.lease_seconds

    def reclaim(self, now: float) -> None:
        """Take jobs from owners that fell silent; end those that had their attempts."""
        if now < self._spare_until:
            return
        settings = self._settings
        requeued = transitions.reclaim(
            self._redis, attempts=settings.max_attempts, retention=settings.retention_seconds
        )
        self._publish(requeued, "its worker fell silent", now)

    def clear_stations(self, now: float) -> None:
        """Move what waits for workers that are gone to those that live."""
        if now < self._spare_until:
            return
        for queue in jobs.QUEUES:
            for worker in dispatch.abandoned(self._redis, queue):
                moved = dispatch.clear(self._redis, queue, worker)
                self._publish_each(moved, f"it waited for {worker}, which is gone", now)

    def age(self, now: float) -> None:
        """Lift jobs that have waited too long."""
        lifted = transitions.age(self._redis, self._settings.ageing_seconds)
        self._publish(lifted, "it waited long and rose in priority", now)

    def publish_lost(self, now: float) -> None:
        """Publish again the tickets that are in no list."""
        thorough = now - self._searched_at >= FULL_SEARCH_SECONDS
        self._searched_at = now if thorough else self._searched_at
        for queue in jobs.QUEUES:
            if thorough or lost.fewer_than_waiting(self._redis, queue):
                found = lost.lost_tickets(self._redis, queue, now)
                self._publish_each(self._due(found, now), "its ticket was lost", now)

    def _due(self, found: list[Job], now: float) -> list[Job]:
        """Those whose ticket was not published a moment ago: a worker may hold it unclaimed."""
        oldest = now - lost.GRACE_SECONDS
        self._published_at = {
            job_id: at for job_id, at in self._published_at.items() if at > oldest
        }
        return [job for job in found if job.id not in self._published_at]

    def _publish(self, job_ids: list[str], why: str, now: float) -> None:
        self._publish_each(transitions.get_many(self._redis, job_ids), why, now)

    def _publish_each(self, found: list[Job], why: str, now: float) -> None:
        for job in found:
            dispatch.publish(self._app, self._redis, job, self._settings.dispatch)
            self._published_at[job.id] = now
            logger.info("ticket published again: %s", why, extra={"job": job.id, "why": why})

    def drop_stale(self, _now: float) -> None:
        """Remove deliveries of finished jobs that their worker never acknowledged."""
        tags = lost.stale_deliveries(self._redis)
        if tags:
            tickets.drop(self._redis, tags)
            logger.info("dropped %d deliveries of finished jobs", len(tags))

    def forget(self, now: float) -> None:
        """Remove stations long gone, and from the list of all jobs some whose record expired."""
        if now - self._forgotten_at < FORGET_SECONDS:
            return
        self._forgotten_at = now
        for queue in jobs.QUEUES if now >= self._spare_until else ():
            dispatch.forget(self._redis, queue)
        self._cursor, ids = lost.expired(self._redis, self._cursor, FORGET_COUNT)
        if ids:
            self._redis.zrem(keys.JOBS, *ids)
