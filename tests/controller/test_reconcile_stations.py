"""Workers with a queue of their own: what waits for one that is gone moves, and nothing is lost."""

from dataclasses import replace

import pytest

from controller import lost
from controller.reconcile import FULL_SEARCH_SECONDS, Reconciler
from services.contract import dispatch, keys, queues, tickets, transitions
from services.contract.queues import WORKER_FORGOTTEN_SECONDS
from tests.services.contract.making import EXPIRED, RETENTION, accept, state
from tests.services.contract.stations import listed, silent, station

LATER = lost.GRACE_SECONDS + 1


@pytest.fixture
def now(redis):
    return redis.time()[0] + 1.0


@pytest.fixture
def joining(redis, app, settings):
    """A reconciler whose tickets join the shortest queue."""
    return Reconciler(redis, app, replace(settings, dispatch="jsq"))


def _publish(redis, app, **options):
    job_id = accept(redis, **options)
    dispatch.publish(app, redis, state(redis, job_id), "jsq")
    return job_id


def _listed(redis, name):
    return sorted(job_id for found in listed(redis, name) for job_id in found)


def test_a_ticket_in_a_workers_own_queue_is_not_lost(redis, app, joining, now):
    station(redis, "a", "b")
    ids = [_publish(redis, app) for _ in range(4)]
    for second in (LATER, LATER + 1, LATER + FULL_SEARCH_SECONDS):
        joining.publish_lost(now + second)

    assert sorted(_listed(redis, "images@a") + _listed(redis, "images@b")) == sorted(ids)


def test_a_ticket_lost_from_a_workers_own_queue_is_published_again(redis, app, joining, now):
    station(redis, "a")
    job_id = _publish(redis, app)
    redis.delete(*tickets.lists("images@a"))
    joining.publish_lost(now + LATER)

    assert _listed(redis, "images@a") == [job_id]


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_what_waits_for_a_dead_worker_joins_the_shortest_queue(redis, app, joining, now, how):
    station(redis, "a", "b", "c")
    ids = [_publish(redis, app) for _ in range(9)]
    silent(redis, "a") if how == "killed" else queues.check_out(redis, "images", "a")
    joining.clear_stations(now)

    left = [_listed(redis, f"images@{name}") for name in "abc"]
    assert left[0] == []
    assert sorted(map(len, left[1:])) == [4, 5]
    assert sorted(left[1] + left[2]) == sorted(ids)
    assert dispatch.outstanding(redis, "a") == 0


def test_a_move_is_made_once(redis, app, joining, now):
    station(redis, "a")
    job_id = _publish(redis, app)
    silent(redis, "a")
    for second in range(3):
        joining.clear_stations(now + second)

    assert _listed(redis, "images") == [job_id]


def test_a_ticket_that_returns_to_a_dead_worker_is_moved_too(redis, app, joining, now):
    station(redis, "a")
    job_id = _publish(redis, app)
    queues.check_out(redis, "images", "a")
    joining.clear_stations(now)
    redis.delete(*tickets.lists("images"))
    tickets.publish(app, state(redis, job_id), "a")

    joining.clear_stations(now + 1)
    assert _listed(redis, "images@a") == []
    assert _listed(redis, "images") == [job_id]


def test_what_a_dead_worker_ran_joins_another_queue(redis, app, joining, now):
    station(redis, "a")
    job_id = _publish(redis, app)
    transitions.claim(redis, job_id, "a", lease=EXPIRED, retention=RETENTION)
    redis.delete(*tickets.lists("images@a"))
    silent(redis, "a")
    station(redis, "b")
    joining.reclaim(now)

    assert _listed(redis, "images@b") == [job_id]
    assert (dispatch.outstanding(redis, "a"), dispatch.outstanding(redis, "b")) == (0, 1)


def test_an_old_job_rises_in_a_workers_own_queue(redis, app, joining, now):
    station(redis, "a")
    job_id = _publish(redis, app, priority="low")
    redis.zadd(keys.waiting("images", "low"), {job_id: now - 61})
    joining.age(now)

    messages = [redis.llen(name) for name in tickets.lists("images@a")]
    assert messages == [0, 1, 1, 0]
    assert dispatch.outstanding(redis, "a") == 1


def test_after_an_outage_nobody_is_taken_for_dead(redis, app, joining, settings, now):
    station(redis, "a")
    job_id = _publish(redis, app)
    silent(redis, "a")
    joining.spare()

    joining.clear_stations(now)
    assert _listed(redis, "images@a") == [job_id]
    joining.clear_stations(now + settings.lease_seconds + 1)
    assert _listed(redis, "images") == [job_id]


def test_back_to_the_shared_rule_nothing_is_left_behind(redis, app, reconciler, now):
    station(redis, "a", "b")
    ids = [_publish(redis, app) for _ in range(4)]
    for name in "ab":
        queues.check_out(redis, "images", name)
    for second in range(2):
        for step in reconciler.steps():
            step(now + second)

    assert _listed(redis, "images") == sorted(ids)
    assert redis.keys(keys.assigned("*")) == []


def test_a_worker_long_gone_is_forgotten(redis, app, joining, now):
    station(redis, "a")
    job_id = _publish(redis, app)
    queues.check_out(redis, "images", "a")
    then = redis.time()[0] - WORKER_FORGOTTEN_SECONDS - 1
    redis.zadd(keys.stations("images"), {"a": then})
    for step in joining.steps():
        step(now)

    assert _listed(redis, "images") == [job_id]
    assert not redis.exists(keys.stations("images"))
    assert not [name for name in redis.scan_iter("*") if "images@a" in name]


def test_after_an_outage_of_an_hour_no_station_is_forgotten(redis, joining, settings, now):
    station(redis, "a")
    then = redis.time()[0] - WORKER_FORGOTTEN_SECONDS - 1
    redis.zadd(keys.stations("images"), {"a": then})
    joining.spare()

    joining.forget(now)
    assert redis.exists(keys.stations("images"))
    joining.forget(now + settings.lease_seconds + 1)
    assert not redis.exists(keys.stations("images"))


def test_a_pass_over_healthy_stations_changes_nothing(redis, app, joining, now):
    station(redis, "a", "b")
    for _ in range(3):
        _publish(redis, app)
    before = {key: redis.dump(key) for key in redis.scan_iter("*") if redis.type(key) != "string"}
    for step in joining.steps():
        step(now)

    assert before == {
        key: redis.dump(key) for key in redis.scan_iter("*") if redis.type(key) != "string"
    }
