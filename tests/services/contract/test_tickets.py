"""Tickets, as a real Celery publishes and a worker's broker keeps them."""

import json

import pytest

from services.contract import tickets
from services.contract.jobs import PRIORITIES, QUEUES
from tests.services.contract.making import accept, state


@pytest.mark.parametrize("priority", PRIORITIES)
@pytest.mark.parametrize("kind", ["story", "image"])
def test_a_ticket_lies_in_a_list_of_its_queue(redis, app, kind, priority):
    job = state(redis, accept(redis, kind, priority=priority))
    tickets.publish(app, job)

    found = {
        (queue, place): redis.lrange(name, 0, -1)
        for queue in QUEUES
        for place, name in enumerate(tickets.lists(queue))
        if redis.llen(name)
    }

    assert list(found) == [(job.queue, PRIORITIES.index(priority))]
    assert [tickets.job_id(message) for message in next(iter(found.values()))] == [job.id]


def test_a_ticket_carries_an_id_and_nothing_else(redis, app):
    job = state(redis, accept(redis, "story", priority="high"))
    tickets.publish(app, job)
    message = redis.lindex("stories", 0)

    assert job.request.prompt not in message
    assert json.loads(message)["headers"]["task"] == tickets.TASK


def test_high_comes_before_normal_before_low(redis, app):
    ids = {}
    for priority in reversed(PRIORITIES):
        ids[priority] = accept(redis, priority=priority)
        tickets.publish(app, state(redis, ids[priority]))

    with app.connection_for_read() as connection:
        queue = connection.SimpleQueue("images")
        order = [queue.get(timeout=5).headers["id"] for _ in PRIORITIES]
        queue.close()

    assert order == [ids[priority] for priority in PRIORITIES]


def test_what_a_worker_took_is_known_until_it_is_dropped(redis, app):
    job = state(redis, accept(redis))
    tickets.publish(app, job)
    with app.connection_for_read() as connection:
        connection.default_channel.basic_get("images")
        taken = tickets.unacknowledged(redis)
        assert list(taken.values()) == [job.id]
        assert redis.zcard(tickets.UNACKED_INDEX) == 1
        tickets.drop(redis, list(taken))
        assert tickets.unacknowledged(redis) == {}
        assert redis.zcard(tickets.UNACKED_INDEX) == 0


@pytest.mark.parametrize(
    "entry", ["", "null", "[]", "{}", '[{"headers": {"id": "x", "task": "another.app"}}]']
)
def test_another_applications_delivery_is_not_ours(redis, entry):
    redis.hset(tickets.UNACKED, "tag", entry)
    assert tickets.unacknowledged(redis) == {}


@pytest.mark.parametrize("message", ["", "x", "null", "[]", "{}", '{"headers": 3}'])
def test_a_message_that_is_no_ticket_is_for_no_job(message):
    assert tickets.job_id(message) is None


def test_a_workers_own_queue_is_beside_the_shared_one(redis, app):
    shared, own = (state(redis, accept(redis, priority="low")) for _ in range(2))
    tickets.publish(app, shared)
    tickets.publish(app, own, "w@host")

    name = tickets.own_queue("images", "w@host")
    assert tickets.take(redis, "images") == [shared.id]
    assert tickets.take(redis, name) == [own.id]
    assert tickets.take(redis, name) == []


def test_a_queue_that_is_undeclared_leaves_nothing(redis, app):
    tickets.publish(app, state(redis, accept(redis, "story")), "w")
    assert [name for name in redis.scan_iter("*") if "stories@w" in name]

    tickets.undeclare(redis, "stories@w")
    assert not [name for name in redis.scan_iter("*") if "stories@w" in name]
