"""Many processes want the same thing at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from services.contract import events, level, queues, transitions
from services.contract.jobs import Status
from services.contract.transitions import Admission, Hold, QueueFull
from tests.services.contract.making import (
    EXPIRED,
    LEASE,
    RETENTION,
    accept,
    cancel,
    claim,
    finish,
    reclaim,
    request,
    running,
    state,
)

THREADS = 16


def at_once(action: Callable[[int], Any], threads: int = THREADS) -> list[Any]:
    """What `action(i)` answers in each of so many threads that start together."""
    start = Barrier(threads)

    def run(number: int) -> Any:
        start.wait()
        return action(number)

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(run, range(threads)))


def test_exactly_one_claim_wins(redis):
    for _ in range(5):
        job_id = accept(redis)
        claims = at_once(lambda _, job_id=job_id: claim(redis, job_id))
        assert sum(job is not None for job in claims) == 1
        assert state(redis, job_id).attempts == 1


def test_exactly_as_many_are_accepted_as_fit(redis):
    terms = Admission(capacity=5, retention_seconds=RETENTION)

    def one(_):
        try:
            return transitions.accept(redis, request(), terms)[1]
        except QueueFull:
            return False

    assert sum(at_once(one)) == 5
    assert queues.load(redis).depth == 5


def test_one_idempotency_key_makes_one_job(redis):
    terms = Admission(capacity=99, retention_seconds=RETENTION, idempotency_key="k")

    answers = at_once(lambda _: transitions.accept(redis, request(), terms))

    assert len({job_id for job_id, _ in answers}) == 1
    assert sum(new for _, new in answers) == 1


def test_one_completion_is_visible_whoever_finishes(redis):
    job = running(redis)

    def one(number):
        status = Status.SUCCEEDED if number % 2 else Status.FAILED
        return status, finish(redis, job, status)

    answers = at_once(one)

    final = state(redis, job.id).status
    assert {status for status, hold in answers if hold is Hold.OK} == {final}
    assert sum(event.last for event in events.after(redis, job.id)) == 1


def test_cancel_and_claim_do_not_both_win(redis):
    for _ in range(10):
        job_id = accept(redis)
        cancelled, job = at_once(
            lambda number, job_id=job_id: claim(redis, job_id) if number else cancel(redis, job_id),
            threads=2,
        )
        assert cancelled == ("cancelled" if job is None else "cancelling")
        assert job is None or transitions.renew(redis, job, lease=LEASE) is Hold.CANCEL


def test_reclaim_and_finish_do_not_both_win(redis):
    for _ in range(10):
        job = running(redis, lease=EXPIRED)
        held, requeued = at_once(
            lambda number, job=job: reclaim(redis) if number else finish(redis, job), threads=2
        )
        assert (held is Hold.OK) != (requeued == [job.id])
        assert state(redis, job.id).status == ("succeeded" if held is Hold.OK else "queued")


def test_the_old_owner_of_a_reclaimed_job_changes_nothing(redis):
    old = running(redis, lease=EXPIRED)
    assert reclaim(redis) == [old.id]
    new = claim(redis, old.id)
    before = state(redis, old.id)

    assert transitions.renew(redis, old, lease=LEASE) is Hold.LOST
    assert transitions.report(redis, old, "page", {"number": 1}, progress=None) is Hold.LOST
    assert transitions.hand_back(redis, old, "late") is Hold.LOST
    assert finish(redis, old) is Hold.LOST
    assert finish(redis, old, Status.FAILED) is Hold.LOST
    assert state(redis, old.id) == before
    assert finish(redis, new) is Hold.OK


def test_the_old_owner_is_lost_before_anyone_claims_again(redis):
    old = running(redis, lease=EXPIRED)
    reclaim(redis)

    assert transitions.renew(redis, old, lease=LEASE) is Hold.LOST
    assert finish(redis, old) is Hold.LOST
    assert state(redis, old.id).status is Status.QUEUED


def test_exactly_one_controller_leads(redis):
    epochs = at_once(lambda number: level.lead(redis, f"controller-{number}"))
    assert sorted(epochs) == [0] * (THREADS - 1) + [1]
