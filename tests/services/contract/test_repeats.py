"""A client that loses an answer sends the command again: the second time must change nothing."""

from typing import Any

import pytest
from redis import Redis

from services.contract import connection, events, keys, level, transitions
from services.contract.jobs import Status
from services.contract.transitions import Admission, Hold, KeyReused
from tests.services.contract.making import (
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


class SendsTwice:
    """A client whose every script is sent twice, as after a lost answer; it answers the second."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    def register_script(self, script: str) -> Any:
        """Call the script twice with the same arguments."""
        registered = self._redis.register_script(script)

        def run(args: tuple[Any, ...]) -> Any:
            registered(args=args)
            return registered(args=args)

        return run


@pytest.fixture
def twice(redis):
    return SendsTwice(redis)


def _types(redis, job_id):
    return [event.type for event in events.after(redis, job_id)]


def test_accept(redis, twice):
    job_id = accept(twice)

    assert redis.zcard(keys.waiting("images", "normal")) == 1
    assert redis.zcard(keys.JOBS) == 1
    assert _types(redis, job_id) == ["queued"]


def test_accept_of_the_last_place(redis, twice):
    terms = Admission(capacity=1, retention_seconds=RETENTION)
    job_id, _ = transitions.accept(twice, request(), terms)
    assert state(redis, job_id).status is Status.QUEUED


def test_claim_still_gets_the_job(redis, twice):
    job = claim(twice, accept(redis))

    assert job is not None
    assert (job.attempts, job.token) == (1, 1)
    assert _types(redis, job.id) == ["queued", "started"]


def test_report_tells_once(redis, twice):
    job = running(redis)
    for page in (1, 2):
        assert transitions.report(twice, job, "page", {"number": page}) is Hold.OK
    assert _types(redis, job.id) == ["queued", "started", "page", "page"]


def test_finish_ends_once(redis, twice):
    job = running(redis)

    assert finish(twice, job) is Hold.OK
    assert redis.hgetall(keys.TOTALS) == {"image:succeeded": "1"}
    assert _types(redis, job.id).count("succeeded") == 1


def test_hand_back_counts_once(redis, twice):
    job = running(redis)

    assert transitions.hand_back(twice, job, "stopping") is Hold.OK
    assert state(redis, job.id).attempts == 0
    assert _types(redis, job.id) == ["queued", "started", "requeued"]


@pytest.mark.parametrize("claimed", [False, True])
def test_cancel_answers_the_same(redis, twice, claimed):
    job_id = running(redis).id if claimed else accept(redis)

    assert cancel(twice, job_id) == ("cancelling" if claimed else "cancelled")
    assert _types(redis, job_id)[-1] == ("cancelling" if claimed else "cancelled")
    assert _types(redis, job_id).count("cancelled") <= 1


def test_disown_cancels_once(redis, twice):
    book = running(redis, "storybook")
    child = accept(redis, parent=book.id)

    assert transitions.disown(twice, book, [], retention=RETENTION) is Hold.OK
    assert _types(redis, child) == ["queued", "cancelled"]
    assert redis.hgetall(keys.TOTALS) == {"image:cancelled": "1"}


def test_reclaim_requeues_once(redis, twice):
    job = running(redis, lease=-1)
    reclaim(twice)
    assert _types(redis, job.id) == ["queued", "started", "requeued"]


def test_lead_keeps_one_epoch(redis, twice):
    assert level.lead(twice, "a") == 1
    assert level.lead(twice, "a") == 1
    assert level.lead(twice, "b") == 0


def test_an_unknown_script_is_loaded_again(redis):
    job_id = accept(redis)
    redis.script_flush()
    assert claim(redis, job_id) is not None


def test_the_same_id_is_the_same_job(redis):
    terms = Admission(capacity=9, retention_seconds=RETENTION, job_id="a" * 32)

    assert transitions.accept(redis, request(), terms) == ("a" * 32, True)
    assert transitions.accept(redis, request(), terms) == ("a" * 32, False)


def test_an_idempotency_key_finds_its_job(redis):
    terms = Admission(capacity=1, retention_seconds=RETENTION, idempotency_key="order 7")
    job_id, new = transitions.accept(redis, request(), terms)

    assert new
    assert transitions.accept(redis, request(), terms) == (job_id, False)
    finish(redis, claim(redis, job_id))
    assert transitions.accept(redis, request(), terms) == (job_id, False)
    assert 0 < redis.ttl(keys.idempotency("order 7")) <= RETENTION


def test_an_idempotency_key_is_for_one_request(redis):
    terms = Admission(capacity=9, retention_seconds=RETENTION, idempotency_key="order 7")
    transitions.accept(redis, request(), terms)

    with pytest.raises(KeyReused, match="different request"):
        transitions.accept(redis, request(seed=1), terms)
    assert redis.zcard(keys.JOBS) == 1


def test_a_key_never_outlives_the_job_it_names(redis):
    terms = Admission(capacity=9, retention_seconds=RETENTION, idempotency_key="k")
    job_id, _ = transitions.accept(redis, request(), terms)
    finish(redis, claim(redis, job_id))

    left = redis.pttl(keys.job(job_id))  # first, for time goes on between the two
    assert redis.pttl(keys.idempotency("k")) <= left


def test_every_script_can_be_loaded(redis):
    folder = connection.files("services.contract").joinpath("lua")
    names = [file.name.removesuffix(".lua") for file in folder.iterdir()]
    for name in names:
        redis.script_load(connection._script(redis, name).script)
    assert "prelude" in names
