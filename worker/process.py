"""What the two kinds of worker process have in common: their connections and their threads."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from secrets import token_hex
from socket import gethostname

import torch
from celery import Celery
from redis import Redis
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from services.contract import dispatch, heartbeat, policy
from services.contract.connection import CLIENT_OPTIONS
from services.contract.dispatch import Rule
from services.contract.jobs import Job, Kind, Queue
from services.contract.settings import Settings
from services.contract.sizes import Sizes
from worker import tasks
from worker.artifacts import Shelf
from worker.attempt import Perform
from worker.claims import Claims, Terms
from worker.levels import Levels
from worker.presence import PROCESS, Presence

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Process:
    """One worker process and the queue it serves."""

    queue: Queue
    settings: Settings

    @cached_property
    def name(self) -> str:
        """Unique among all workers: what the process is, where, and which one."""
        return f"{PROCESS[self.queue]}-{token_hex(2)}@{gethostname()}"

    @cached_property
    def redis(self) -> Redis:
        """The connection that all threads share."""
        # Every transition may be sent twice, so a broken connection is no reason to give up a job.
        patience = Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), retries=5)
        return Redis.from_url(self.settings.redis_address, retry=patience, **CLIENT_OPTIONS)

    @cached_property
    def app(self) -> Celery:
        """The Celery app that consumes tickets, and publishes those of a book's pictures."""
        return tasks.connect(self.settings.redis_address)

    @property
    def rule(self) -> Rule:
        """Where tickets go."""
        return self.settings.dispatch

    @cached_property
    def publish(self) -> Callable[[Job], None]:
        """Puts out a job's ticket."""
        return tasks.publisher(self.app, self.redis, self.rule)

    @cached_property
    def shelf(self) -> Shelf:
        """Where artifacts go."""
        return Shelf(self.settings.artifacts)

    @cached_property
    def levels(self) -> Levels:
        """What level a job gets. Raises PolicyError, or SettingsError for the fallback level."""
        ladder = policy.chosen(self.settings)
        return Levels(
            self.redis,
            self.queue,
            ladder,
            fallback=policy.fallback(ladder, self.settings),
            worker=self.name,
        )

    @cached_property
    def heartbeat_file(self) -> Path:
        """The file that shows the process is alive."""
        return self.settings.heartbeat(PROCESS[self.queue])

    def limit_threads(self, suitable: int = 0) -> None:
        """Compute with the threads that the settings say, else with `suitable` ones, if any."""
        if threads := self.settings.torch_threads or suitable:
            torch.set_num_threads(threads)

    def beat(self) -> None:
        """Show that the process is alive."""
        heartbeat.beat(self.heartbeat_file)

    def serve(
        self,
        performers: Mapping[Kind, Perform],
        concurrency: int,
        turn: Callable[[], None],
        draws: Sizes | None = None,
        silent_seconds: Callable[[], float] = lambda: 0.0,
    ) -> int:
        """Take jobs until told to stop; `turn` is called several times a second.

        `draws` is what pictures can be asked of this worker; `silent_seconds` says how long ago the
        work last moved.
        """
        presence = Presence(
            self.redis, self.queue, self.name, self.shelf, rule=self.rule, draws=draws
        )
        claims = Claims(
            self.redis, self._terms(), lambda: (turn(), presence.tell(silent_seconds()))
        )
        claims.open()
        self.levels.open()
        try:
            return tasks.serve(
                self.app,
                claims,
                tasks.Service(
                    dispatch.consumed(self.queue, self.name, self.rule),
                    self.name,
                    concurrency,
                    performers,
                    presence.open,
                    presence.close,
                    presence.hangs,
                ),
            )
        finally:
            presence.leave(self.publish)
            self.levels.close()
            claims.close()

    def _terms(self) -> Terms:
        return Terms(
            worker=self.name,
            lease_seconds=self.settings.lease_seconds,
            retention_seconds=self.settings.retention_seconds,
        )
