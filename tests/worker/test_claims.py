"""The lease keeper outlives whatever rides along with it."""

from collections.abc import Iterator

import pytest
from redis import Redis

from services.contract import keys
from tests.services.contract.making import RETENTION, accept, cancel
from tests.waiting import wait_until
from worker.claims import Claims, Terms
from worker.interruptions import Cancelled

LEASE = 0.6


def _disk_full() -> None:
    raise OSError(28, "No space left on device")


@pytest.fixture
def claims(redis: Redis) -> Iterator[Claims]:
    """A keeper whose signs of life all fail."""
    opened = Claims(redis, Terms("worker-1", LEASE, RETENTION), _disk_full)
    opened.open()
    yield opened
    opened.close()


def test_leases_are_kept_though_every_sign_of_life_fails(redis: Redis, claims: Claims) -> None:
    with claims.take(accept(redis)) as claim:
        assert claim is not None
        first = redis.zscore(keys.running("images"), claim.job.id)
        wait_until(
            lambda: redis.zscore(keys.running("images"), claim.job.id) > first + LEASE,
            "the lease is renewed past its first end",
        )


def test_a_cancelled_job_hears_of_it(redis: Redis, claims: Claims) -> None:
    with claims.take(accept(redis)) as claim:
        assert claim is not None
        assert claim.interrupted() is None
        cancel(redis, claim.job.id)
        wait_until(claim.interrupted, "the claim is interrupted")
        assert isinstance(claim.interrupted(), Cancelled)


def test_a_void_ticket_holds_nothing(redis: Redis, claims: Claims) -> None:
    job_id = accept(redis)
    cancel(redis, job_id)
    with claims.take(job_id) as claim:
        assert claim is None
