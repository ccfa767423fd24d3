"""A worker in which nothing moves begins no job."""

from pathlib import Path

from redis import Redis

from services.contract import tickets
from services.contract.jobs import Status
from tests.processes import running
from tests.services.contract.making import accept, state
from tests.waiting import wait_until
from tests.worker.rehearsal import CONCURRENCY, CUE, HANGS
from worker.tasks import connect

SECONDS = 60
TOLD = "this worker begins no job until something does"


def test_it_holds_the_tickets_that_it_took_until_it_moves_again(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    redis.set(CUE, 1)
    (tmp_path / HANGS).touch()
    settings = {"redis_url": redis_url, "home": tmp_path}
    with running(tmp_path / "worker.log", "tests.worker.rehearsal", **settings) as worker:
        wait_until(lambda: TOLD in worker.text(), "it hangs", SECONDS)
        jobs = [accept(redis) for _ in range(CONCURRENCY + 1)]
        for job_id in jobs:
            tickets.publish(connect(redis_url), state(redis, job_id))
        held = wait_until(
            lambda: _full(tickets.unacknowledged(redis)), "each slot holds a ticket", SECONDS
        )
        assert {state(redis, job_id).status for job_id in jobs} == {Status.QUEUED}
        assert set(held.values()) < set(jobs), "one is left for others"

        (tmp_path / HANGS).unlink()
        for job_id in jobs:
            wait_until(
                lambda job_id=job_id: state(redis, job_id).status is Status.SUCCEEDED,
                "it is done",
                SECONDS,
            )


def test_one_that_is_told_to_stop_puts_its_tickets_back(
    redis: Redis, redis_url: str, tmp_path: Path
) -> None:
    redis.set(CUE, 1)
    (tmp_path / HANGS).touch()
    settings = {"redis_url": redis_url, "home": tmp_path}
    with running(tmp_path / "worker.log", "tests.worker.rehearsal", **settings) as worker:
        wait_until(lambda: TOLD in worker.text(), "it hangs", SECONDS)
        job_id = accept(redis)
        tickets.publish(connect(redis_url), state(redis, job_id))
        wait_until(lambda: tickets.unacknowledged(redis), "its ticket is held", SECONDS)
        worker.process.terminate()
        assert worker.process.wait(SECONDS) == 0, worker.text()
    assert state(redis, job_id).status is Status.QUEUED
    assert tickets.take(redis, "images") == [job_id]


def _full(held: dict[str, str]) -> dict[str, str] | None:
    return held if len(held) == CONCURRENCY else None
