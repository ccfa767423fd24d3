"""What is promised whatever breaks: an accepted job is done, and seen to be done once."""

import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis as redis_py

from services.contract import events, queues, tickets, transitions
from services.contract.jobs import JOB_REQUEST, Job, Status
from services.contract.transitions import Admission
from tests.processes import Running, start
from tests.waiting import wait_until
from tests.worker.rehearsal import CONCURRENCY, CUE
from worker.tasks import connect

RETENTION = 600
SECONDS = 60.0

Start = Callable[..., Running]


@pytest.fixture
def settings(redis_url: str, tmp_path: Path) -> dict[str, object]:
    """Settings under which a lost lease is noticed within a few seconds."""
    return {"redis_url": redis_url, "home": tmp_path, "lease_seconds": 2}


@pytest.fixture
def launch(settings: dict[str, object], tmp_path: Path) -> Iterator[Start]:
    """Starts processes, and stops all of them after the test."""
    with ExitStack() as stack:

        def launch_one(*module: str) -> Running:
            log = tmp_path / f"{len(list(tmp_path.glob('*.log')))}-{module[0]}.log"
            process = start(log, *module, **settings)
            stack.callback(lambda: process.process.poll() is None and process.stop())
            return process

        yield launch_one


def submit(redis: redis_py.Redis, redis_url: str, prompt: str = "a fox", **options: object) -> str:
    """Accept a job and publish its ticket, as the gateway does."""
    request = JOB_REQUEST.validate_python({"kind": "image", "prompt": prompt, **options})
    job_id, _ = transitions.accept(redis, request, Admission(1000, RETENTION))
    tickets.publish(connect(redis_url), transitions.get(redis, job_id))
    return job_id


def job(redis: redis_py.Redis, job_id: str) -> Job:
    """The record, which must be there."""
    found = transitions.get(redis, job_id)
    assert found is not None
    return found


def worker_ready(redis: redis_py.Redis, count: int = 1) -> None:
    """Wait until so many workers have checked in."""
    wait_until(lambda: queues.load(redis).queues["images"].workers >= count, "ready", SECONDS)


def reaches(redis: redis_py.Redis, job_id: str, status: Status) -> Job:
    """The job once it has this status."""
    wait_until(lambda: job(redis, job_id).status is status, f"job is {status}", SECONDS)
    return job(redis, job_id)


def occupy(redis: redis_py.Redis, redis_url: str) -> list[str]:
    """As many running jobs as one worker takes."""
    ids = [submit(redis, redis_url) for _ in range(CONCURRENCY)]
    for job_id in ids:
        reaches(redis, job_id, Status.RUNNING)
    return ids


def types(redis: redis_py.Redis, job_id: str) -> list[str]:
    """The kinds of events of a job, in order."""
    return [event.type for event in events.after(redis, job_id)]


def test_what_would_leak_a_slot_is_a_recorded_failure(
    redis: redis_py.Redis, redis_url: str, launch: Start
) -> None:
    launch("tests.worker.rehearsal")
    worker_ready(redis)
    doomed = [submit(redis, redis_url, prompt) for prompt in ("exit", "memory") * CONCURRENCY]
    redis.set(CUE, "now")
    healthy = submit(redis, redis_url)
    assert reaches(redis, healthy, Status.SUCCEEDED)
    errors = {reaches(redis, job_id, Status.FAILED).error.type for job_id in doomed}
    assert errors == {"SystemExit", "MemoryError"}


def test_a_worker_told_to_stop_hands_its_jobs_back(
    redis: redis_py.Redis, redis_url: str, launch: Start
) -> None:
    worker = launch("tests.worker.rehearsal")
    worker_ready(redis)
    ids = occupy(redis, redis_url)
    assert worker.stop() == 0, worker.text()
    assert [job(redis, job_id).status for job_id in ids] == [Status.QUEUED] * CONCURRENCY
    assert [job(redis, job_id).attempts for job_id in ids] == [0] * CONCURRENCY
    assert queues.load(redis).queues["images"].workers == 0
    redis.set(CUE, "now")
    launch("tests.worker.rehearsal")
    for job_id in ids:
        assert reaches(redis, job_id, Status.SUCCEEDED).attempts == 1


def test_a_killed_worker_costs_an_attempt_and_nothing_else(
    redis: redis_py.Redis, redis_url: str, launch: Start
) -> None:
    launch("controller")
    worker = launch("tests.worker.rehearsal")
    worker_ready(redis)
    job_id = submit(redis, redis_url)
    reaches(redis, job_id, Status.RUNNING)
    worker.kill()
    redis.set(CUE, "now")
    launch("tests.worker.rehearsal")
    assert reaches(redis, job_id, Status.SUCCEEDED).attempts == 2
    assert types(redis, job_id).count("succeeded") == 1


def test_a_ticket_lost_between_queue_and_worker_is_published_again(
    redis: redis_py.Redis, redis_url: str, launch: Start
) -> None:
    launch("controller")
    frozen = launch("tests.worker.rehearsal")
    worker_ready(redis)
    frozen.send(signal.SIGSTOP)
    job_id = submit(redis, redis_url)  # goes to the frozen worker's outstanding BRPOP
    wait_until(lambda: not redis.exists(*tickets.lists("images")), "the ticket is in no list")
    frozen.kill()
    redis.set(CUE, "now")
    launch("tests.worker.rehearsal")
    assert reaches(redis, job_id, Status.SUCCEEDED).attempts == 1


def test_a_dropped_connection_does_not_do_a_job_twice(
    redis: redis_py.Redis, redis_url: str, launch: Start
) -> None:
    worker = launch("tests.worker.rehearsal")
    worker_ready(redis)
    ids = occupy(redis, redis_url)
    redis.client_kill_filter(_type="pubsub")
    redis.client_kill_filter(_type="normal", skipme=True)
    redis.set(CUE, "now")
    last = submit(redis, redis_url)
    reaches(redis, last, Status.SUCCEEDED)
    for job_id in ids:
        assert reaches(redis, job_id, Status.SUCCEEDED).attempts == 1, worker.text()
        assert types(redis, job_id).count("started") == 1


def test_cancel_reaches_a_running_job(redis: redis_py.Redis, redis_url: str, launch: Start) -> None:
    launch("tests.worker.rehearsal")
    worker_ready(redis)
    job_id = submit(redis, redis_url)
    reaches(redis, job_id, Status.RUNNING)
    assert transitions.cancel(redis, job_id, retention=RETENTION) == "cancelling"
    reaches(redis, job_id, Status.CANCELLED)
    assert types(redis, job_id)[-1] == "cancelled"


def test_a_deadline_ends_a_running_job(
    redis: redis_py.Redis, redis_url: str, launch: Start
) -> None:
    launch("tests.worker.rehearsal")
    worker_ready(redis)
    job_id = submit(redis, redis_url, deadline_seconds=1)
    assert reaches(redis, job_id, Status.FAILED).error.type == "deadline"


def test_tickets_for_nothing_are_dropped(
    redis: redis_py.Redis, redis_url: str, launch: Start
) -> None:
    worker = launch("tests.worker.rehearsal")
    worker_ready(redis)
    job_id = submit(redis, redis_url)
    running = reaches(redis, job_id, Status.RUNNING)
    for _ in range(3):
        tickets.publish(connect(redis_url), running)
    redis.set(CUE, "now")
    reaches(redis, job_id, Status.SUCCEEDED)
    wait_until(lambda: worker.text().count("ticket is void") == 3, "three tickets dropped")
    assert job(redis, job_id).attempts == 1
