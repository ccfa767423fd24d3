"""The gateway over a real Redis: in this process, or as the process users run."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from services.contract import level as levels
from services.contract import policy as policies
from services.contract import transitions
from services.contract.jobs import Artifact, Job, Queue, Status
from services.contract.level import Choice
from services.contract.settings import Settings, load
from services.contract.transitions import Outcome, Service
from services.gateway import create_app
from services.gateway.context import EXTENSION
from services.gateway.publishing import TicketOffice
from tests import processes
from tests.conftest import ROOT, free_port
from tests.waiting import wait_until

LEASE, RETENTION = 15.0, 3600.0
POLICY = policies.load(ROOT / "policy.toml")


def environment(redis_url: str, home: Path, **more: str) -> dict[str, str]:
    """The STORYTELLER_* variables of one gateway."""
    settings = {"REDIS_URL": redis_url, "HOME": str(home), "POLICY": str(ROOT / "policy.toml")}
    return {f"STORYTELLER_{name}": value for name, value in (settings | more).items()}


def publish(redis: Redis, queue: Queue, index: int, *, lease: float = 60.0) -> None:
    """Put a queue's level in force as a controller does."""
    epoch = levels.lead(redis, "c1")
    choice = Choice(index, POLICY.levels[index], "depth 7 reached 6", {"depth": 7})
    levels.publish(redis, epoch, queue, choice, lease=lease)


def close(app: Flask) -> None:
    """Close what an app has opened."""
    here = app.extensions[EXTENSION]
    here.fanout.stop()
    here.fanout.join()
    here.redis.close()


@pytest.fixture(scope="session")
def publisher(redis_url: str) -> TicketOffice:
    """One for all tests: kombu keeps its connections per address, for the whole process."""
    return TicketOffice(redis_url)


@pytest.fixture
def make_app(
    redis_url: str, tmp_path: Path, publisher: TicketOffice
) -> Iterator[Callable[..., Flask]]:
    """Makes apps with settings of their own."""
    made = []

    def make(**more: str) -> Flask:
        made.append(create_app(load(environment(redis_url, tmp_path, **more)), publisher))
        return made[-1]

    yield make
    for app in made:
        close(app)


@pytest.fixture
def app(redis: Redis, make_app: Callable[..., Flask]) -> Flask:
    """The gateway over an empty Redis."""
    return make_app()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Calls the gateway without a network."""
    return app.test_client()


@pytest.fixture
def settings(app: Flask) -> Settings:
    """The settings of `app`."""
    return app.extensions[EXTENSION].settings


@dataclass
class Owner:
    """Takes and ends jobs as a worker does, through the contract's own transitions."""

    redis: Any

    def claim(self, job_id: str) -> Job:
        """Start a job."""
        job = transitions.claim(self.redis, job_id, "w1", lease=LEASE, retention=RETENTION)
        assert job is not None
        return job

    def finish(self, job: Job, *artifacts: Artifact, service_seconds: float = 2.0) -> None:
        """End a started job well."""
        outcome = Outcome(
            Status.SUCCEEDED,
            result={"seed": 7},
            artifacts=artifacts,
            service=Service(service_seconds, service_seconds),
        )
        assert transitions.finish(self.redis, job, outcome, retention=RETENTION) == "ok"

    def perform(self, job_id: str) -> None:
        """Start and end a job."""
        self.finish(self.claim(job_id))


@pytest.fixture
def owner(redis: Redis) -> Owner:
    """A worker's side of the contract."""
    return Owner(redis)


@dataclass
class Running(processes.Running):
    """A gateway process and where it answers."""

    url: str
    home: Path


def start(folder: Path, redis_url: str, **more: object) -> Running:
    """Start the gateway as users do, and wait until it answers."""
    port, log = free_port(), folder / "gateway.log"
    where = {"redis_url": redis_url, "home": folder, "policy": ROOT / "policy.toml"}
    started = processes.start(log, "services.gateway", gateway_port=port, **where, **more)
    running = Running(started.process, log, f"http://127.0.0.1:{port}", folder)
    wait_until(lambda: answers(running), "the gateway answers", 30)
    return running


def answers(running: Running) -> bool:
    """True once /livez answers."""
    assert running.process.poll() is None, running.text()
    try:
        return httpx.get(running.url + "/livez", timeout=2).status_code == 200
    except httpx.TransportError:
        return False


@pytest.fixture(scope="session")
def server(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A gateway process with two threads for calls and three for streams."""
    folder = tmp_path_factory.mktemp("gateway")
    running = start(folder, redis_url, gateway_threads=2, gateway_streams=3)
    yield running
    running.stop()


def assert_problem(answer: Any, slug: str, field: str) -> None:
    """The answer is this problem, about this field."""
    assert answer.mimetype == "application/problem+json"
    assert answer.json["type"] == f"/docs#{slug}"
    assert answer.json["status"] == answer.status_code
    assert answer.json["instance"] == "/v1/jobs"
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert answer.json["errors"][0]["message"]
