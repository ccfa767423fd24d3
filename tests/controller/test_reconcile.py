"""What a killed process or a lost message left wrong is set right, against a real Redis."""

import json

import pytest

from controller import lost
from controller.reconcile import FORGET_SECONDS, FULL_SEARCH_SECONDS
from services.contract import keys, queues, tickets, transitions
from services.contract.jobs import QUEUES, Status
from tests.services.contract.making import (
    EXPIRED,
    NOBODY,
    accept,
    cancel,
    claim,
    finish,
    running,
    state,
)

LATER = lost.GRACE_SECONDS + 1


@pytest.fixture
def now(redis):
    return redis.time()[0] + 1.0


def _tickets(redis, queue="images"):
    messages = [redis.lrange(name, 0, -1) for name in tickets.lists(queue)]
    return [[tickets.job_id(message) for message in found] for found in messages]


def _all_tickets(redis):
    return sorted(
        job_id for queue in QUEUES for found in _tickets(redis, queue) for job_id in found
    )


def _publish(redis, app, *job_ids):
    for job_id in job_ids:
        tickets.publish(app, state(redis, job_id))


@pytest.mark.parametrize("kind", ["story", "image", "storybook"])
def test_a_lost_ticket_is_published_again(redis, app, reconciler, now, kind):
    job_id, other = accept(redis, kind, priority="low"), accept(redis, kind)
    _publish(redis, app, job_id, other)
    redis.delete(f"{state(redis, job_id).queue}\x06\x166")

    reconciler.publish_lost(now + LATER)

    assert _all_tickets(redis) == sorted([job_id, other])
    assert _tickets(redis, state(redis, job_id).queue)[2] == [job_id]
    assert claim(redis, job_id) is not None


def test_a_young_jobs_ticket_may_still_be_on_its_way(redis, reconciler, now):
    job_id = accept(redis)

    reconciler.publish_lost(now)
    assert _all_tickets(redis) == []
    reconciler.publish_lost(now + LATER)
    assert _all_tickets(redis) == [job_id]


def test_a_ticket_that_is_there_is_left_alone(redis, app, reconciler, now):
    job_id = accept(redis)
    _publish(redis, app, job_id)

    for second in range(3):
        reconciler.publish_lost(now + LATER + second)

    assert _all_tickets(redis) == [job_id]


def test_a_running_job_needs_no_ticket(redis, reconciler, now):
    running(redis)
    reconciler.publish_lost(now + LATER)
    assert _all_tickets(redis) == []


def test_a_ticket_in_a_workers_hand_is_not_doubled_each_second(redis, reconciler, now):
    job_id = accept(redis)
    reconciler.publish_lost(now + LATER)
    redis.delete("images\x06\x163")

    reconciler.publish_lost(now + LATER + 1)
    assert _all_tickets(redis) == []
    reconciler.publish_lost(now + 2 * LATER)
    assert _all_tickets(redis) == [job_id]


def test_a_doubled_ticket_does_not_hide_a_lost_one_for_long(redis, app, reconciler, now):
    lost_id, doubled = accept(redis), accept(redis)
    _publish(redis, app, doubled, doubled)
    reconciler.publish_lost(now)

    reconciler.publish_lost(now + LATER)
    assert lost_id not in _all_tickets(redis)
    reconciler.publish_lost(now + FULL_SEARCH_SECONDS)
    assert lost_id in _all_tickets(redis)


def test_a_foreign_message_in_a_list_harms_nothing(redis, reconciler, now):
    job_id = accept(redis)
    redis.rpush("images", json.dumps({"headers": {"id": NOBODY}}), "[]")
    reconciler.publish_lost(now + LATER + FULL_SEARCH_SECONDS)

    assert job_id in _tickets(redis)[1]


def test_a_job_whose_worker_died_gets_a_new_ticket(redis, reconciler, now):
    job = running(redis, priority="high", lease=EXPIRED)

    reconciler.reclaim(now)

    assert state(redis, job.id).status is Status.QUEUED
    assert _tickets(redis)[0] == [job.id]


def test_a_job_that_kills_its_workers_fails(redis, reconciler, now):
    job_id = accept(redis)
    for _ in range(3):
        claim(redis, job_id, EXPIRED)
        reconciler.reclaim(now)

    assert state(redis, job_id).error.type == "lost"
    assert len(_all_tickets(redis)) == 2


def test_after_an_outage_owners_get_one_lease_to_renew(redis, reconciler, settings, now):
    job = running(redis, lease=EXPIRED)
    reconciler.spare()

    reconciler.reclaim(now)
    assert state(redis, job.id).status is Status.RUNNING
    reconciler.reclaim(now + settings.lease_seconds + 1)
    assert state(redis, job.id).status is Status.QUEUED


def test_an_old_job_gets_a_ticket_in_its_new_place(redis, app, reconciler, now):
    job_id = accept(redis, priority="low")
    _publish(redis, app, job_id)
    redis.zadd(keys.waiting("images", "low"), {job_id: now - 61})

    reconciler.age(now)

    assert _tickets(redis)[1:3] == [[job_id], [job_id]]


@pytest.mark.parametrize("gone", [False, True])
def test_a_delivery_of_a_finished_job_is_dropped(redis, app, reconciler, now, gone):
    ended, held = accept(redis), accept(redis)
    _publish(redis, app, ended, held)
    with app.connection_for_read() as connection:
        for _ in range(2):
            connection.default_channel.basic_get("images")
        claim(redis, held)
        finish(redis, claim(redis, ended))
        if gone:
            redis.delete(keys.job(ended), keys.events(ended))
        reconciler.drop_stale(now)
        assert list(tickets.unacknowledged(redis).values()) == [held]
        assert redis.zcard(tickets.UNACKED_INDEX) == 1


def test_another_applications_delivery_is_left_alone(redis, reconciler, now):
    redis.hset(tickets.UNACKED, "tag", '[{"headers": {"id": "x", "task": "another.app"}}]')
    reconciler.drop_stale(now)
    assert redis.hlen(tickets.UNACKED) == 1


def test_expired_records_leave_the_list_of_all_jobs(redis, reconciler, now):
    kept, gone = accept(redis), accept(redis)
    cancel(redis, gone)
    redis.delete(keys.job(gone), keys.events(gone))

    reconciler.forget(now)

    assert redis.zrange(keys.JOBS, 0, -1) == [kept]


def test_a_long_list_of_jobs_is_gone_through_bit_by_bit(redis, reconciler, now):
    kept = accept(redis)
    redis.zadd(keys.JOBS, {f"{number:032x}": number for number in range(5000)})
    passes = 0
    while redis.zcard(keys.JOBS) > 1:
        reconciler.forget(now + passes * FORGET_SECONDS)
        passes += 1
        assert passes < 100

    assert redis.zrange(keys.JOBS, 0, -1) == [kept]
    assert passes > 1


def test_what_expired_is_looked_for_now_and_then(redis, reconciler, now):
    reconciler.forget(now)
    redis.zadd(keys.JOBS, {NOBODY: 1})
    reconciler.forget(now + FORGET_SECONDS - 1)
    assert redis.zcard(keys.JOBS) == 1
    reconciler.forget(now + FORGET_SECONDS)
    assert redis.zcard(keys.JOBS) == 0


def test_a_pass_over_a_healthy_queue_changes_nothing(redis, app, reconciler, now):
    job_id = accept(redis)
    _publish(redis, app, job_id)
    running(redis)
    before = {key: redis.dump(key) for key in redis.scan_iter("*") if redis.type(key) != "string"}

    for step in reconciler.steps():
        step(now)

    after = {key: redis.dump(key) for key in redis.scan_iter("*") if redis.type(key) != "string"}
    assert after == before
    assert queues.load(redis).depth == 2
    assert [job.id for job in transitions.get_many(redis, _all_tickets(redis))] == [job_id]
