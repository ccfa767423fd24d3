"""Jobs that come back to the queue: lost owners, hand-backs, deadlines, ageing."""

import pytest

from services.contract import events, keys, queues, transitions
from services.contract.jobs import PRIORITIES, Status
from services.contract.transitions import Hold
from tests.services.contract.making import (
    EXPIRED,
    LEASE,
    accept,
    claim,
    reclaim,
    running,
    state,
)


def _order(redis):
    return [
        job_id
        for priority in PRIORITIES
        for job_id in redis.zrange(keys.waiting("images", priority), 0, -1)
    ]


def _backdate(redis, job_id, seconds):
    job = state(redis, job_id)
    created = job.created_at - seconds
    redis.hset(keys.job(job_id), "created_at", f"{created:.6f}")
    redis.zadd(keys.waiting(job.queue, job.priority), {job_id: created})


def test_a_held_job_is_not_reclaimed(redis):
    job = running(redis)

    assert reclaim(redis) == []
    assert state(redis, job.id) == job


def test_a_lost_job_is_tried_again_in_its_place(redis):
    first = running(redis, lease=EXPIRED)
    second = accept(redis)

    assert reclaim(redis) == [first.id]
    assert _order(redis) == [first.id, second]
    job = state(redis, first.id)
    assert (job.status, job.attempts, job.worker) == (Status.QUEUED, 1, None)
    assert "worker-1 fell silent" in events.after(redis, first.id)[-1].data["reason"]


def test_a_job_lost_too_often_fails_and_says_why(redis):
    job_id = accept(redis)
    for attempt in (1, 2, 3):
        job = claim(redis, job_id, EXPIRED)
        assert job is not None
        assert job.attempts == attempt
        assert reclaim(redis, attempts=3) == ([job_id] if attempt < 3 else [])

    ended = state(redis, job_id)
    assert (ended.status, ended.error.type) == (Status.FAILED, "lost")
    assert "attempt 3 of 3" in ended.error.message
    assert events.after(redis, job_id)[-1].last


def test_a_job_handed_back_keeps_its_place_and_its_attempts(redis):
    first, second = running(redis), accept(redis)

    assert transitions.hand_back(redis, first, "the worker stops") is Hold.OK
    assert _order(redis) == [first.id, second]
    assert state(redis, first.id).attempts == 0
    again = claim(redis, first.id)
    assert (again.attempts, again.token) == (1, 2)
    assert transitions.renew(redis, first, lease=LEASE) is Hold.LOST


def test_handing_back_for_ever_never_fails_the_job(redis):
    job_id = accept(redis)
    for _ in range(5):
        transitions.hand_back(redis, claim(redis, job_id), "rolling restart")
        reclaim(redis, attempts=3)
    assert state(redis, job_id).status is Status.QUEUED


def test_a_waiting_job_fails_at_its_deadline_though_no_worker_comes(redis):
    late, patient = accept(redis, deadline_seconds=1e-6), accept(redis, deadline_seconds=900)

    assert reclaim(redis) == []
    assert (state(redis, late).status, state(redis, late).error.type) == ("failed", "deadline")
    assert state(redis, patient).status is Status.QUEUED
    assert queues.load(redis).depth == 1


def test_the_deadline_of_a_running_job_is_its_owners_business(redis):
    job = running(redis, deadline_seconds=900)
    assert redis.zcard(keys.DEADLINES) == 0

    transitions.hand_back(redis, job, "stopping")
    assert redis.zrange(keys.DEADLINES, 0, -1) == [job.id]


def test_an_owner_without_a_record_is_forgotten(redis):
    job = running(redis, lease=EXPIRED)
    redis.delete(keys.job(job.id), keys.events(job.id))

    assert reclaim(redis) == []
    assert redis.zcard(keys.running("images")) == 0


@pytest.mark.parametrize(
    ("priority", "waited", "becomes"),
    [
        ("low", 59, "low"),
        ("low", 61, "normal"),
        ("normal", 61, "normal"),
        ("normal", 119, "normal"),
        ("normal", 121, "high"),
        ("high", 900, "high"),
    ],
)
def test_ageing_lifts_one_step_at_its_time(redis, priority, waited, becomes):
    job_id = accept(redis, priority=priority)
    _backdate(redis, job_id, waited)

    lifted = transitions.age(redis, 60)

    assert lifted == ([job_id] if becomes != priority else [])
    assert state(redis, job_id).priority == becomes
    assert redis.zrange(keys.waiting("images", becomes), 0, -1) == [job_id]


def test_a_very_old_low_job_rises_to_the_front(redis):
    young, old = accept(redis, priority="high"), accept(redis, priority="low")
    _backdate(redis, old, 1000)

    assert [transitions.age(redis, 60) for _ in range(3)] == [[old], [old], []]
    assert _order(redis) == [old, young]
    lifted = [event.data for event in events.after(redis, old) if event.type == "lifted"]
    assert lifted == [{"priority": "normal"}, {"priority": "high"}]


def test_a_lifted_job_that_is_lost_keeps_its_priority(redis):
    job_id = accept(redis, priority="low")
    _backdate(redis, job_id, 61)
    transitions.age(redis, 60)
    claim(redis, job_id, EXPIRED)
    reclaim(redis)

    assert redis.zrange(keys.waiting("images", "normal"), 0, -1) == [job_id]
