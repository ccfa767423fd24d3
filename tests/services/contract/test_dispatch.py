"""Tickets by the rule `jsq`: to the station with the fewest jobs, counted exactly."""

import random

import pytest
from celery import Celery

from services.contract import dispatch, keys, queues, tickets, transitions
from services.contract.queues import WORKER_FORGOTTEN_SECONDS, WORKER_HORIZON_SECONDS
from tests.services.contract.making import (
    EXPIRED,
    LEASE,
    RETENTION,
    accept,
    cancel,
    finish,
    reclaim,
    state,
)


@pytest.fixture
def app(redis_url):
    made = Celery("test", set_as_current=False)
    made.conf.update(tickets.celery_settings(redis_url))
    yield made
    made.close()


def _station(redis, *names, queue="images"):
    for name in names:
        dispatch.open_station(redis, queue, name)
        queues.check_in(redis, queue, name)


def _silent(redis, name, seconds=WORKER_HORIZON_SECONDS + 1):
    then = redis.time()[0] - seconds
    redis.zadd(keys.workers("images"), {name: then})
    redis.zadd(keys.stations("images"), {name: then})


def _assign(redis, job_id):
    return dispatch.assign(redis, state(redis, job_id))


def _assigned(redis, **options):
    job_id = accept(redis, **options)
    return job_id, _assign(redis, job_id)


def _claim(redis, job_id, worker, lease=LEASE):
    return transitions.claim(redis, job_id, worker, lease=lease, retention=RETENTION)


def _listed(redis, name):
    return [
        [tickets.job_id(message) for message in redis.lrange(found, 0, -1)]
        for found in tickets.lists(name)
    ]


def _holders(redis):
    """For each worker, the unfinished jobs whose record says that they are assigned to it."""
    holders = {}
    for job_id in redis.zrange(keys.JOBS, 0, -1):
        holder = redis.hget(keys.job(job_id), "assigned")
        if holder is not None:
            assert not state(redis, job_id).finished
            holders.setdefault(holder, set()).add(job_id)
    return holders


def _sets(redis):
    prefix = keys.assigned("")
    return {
        name.removeprefix(prefix): redis.smembers(name) for name in redis.scan_iter(prefix + "*")
    }


def test_jobs_spread_evenly(redis):
    _station(redis, "a", "b", "c")
    for _ in range(8):
        _assigned(redis)

    assert sorted(dispatch.outstanding(redis, worker) for worker in "abc") == [2, 3, 3]


def test_the_shortest_queue_counts_what_runs_and_what_waits(redis):
    _station(redis, "a", "b")
    _claim(redis, accept(redis), "a")
    assert _assigned(redis)[1] == "b"
    running = [_claim(redis, accept(redis), "b") for _ in range(2)]
    assert [_assigned(redis)[1] for _ in range(2)] == ["a", "a"]

    for job in running:
        finish(redis, job)
    assert [_assigned(redis)[1] for _ in range(2)] == ["b", "b"]


@pytest.mark.parametrize(("draw", "worker"), [(0.0, "a"), (0.4, "b"), (0.999, "c")])
def test_a_lot_decides_among_equals(redis, monkeypatch, draw, worker):
    _station(redis, "a", "b", "c")
    monkeypatch.setattr(random, "random", lambda: draw)
    assert _assigned(redis)[1] == worker


def test_only_a_live_worker_with_a_queue_of_its_own_is_chosen(redis):
    queues.check_in(redis, "images", "reads the shared queue")
    _station(redis, "draws")
    _station(redis, "writes", queue="stories")
    _silent(redis, "silent")
    dispatch.open_station(redis, "images", "not ready yet")

    assert {_assigned(redis)[1] for _ in range(5)} == {"draws"}
    queues.check_out(redis, "images", "draws")
    assert _assigned(redis)[1] == ""


def test_a_job_assigned_again_does_not_count_against_itself(redis):
    _station(redis, "a", "b")
    both = [_assigned(redis) for _ in range(2)]

    assert [_assign(redis, job_id) for job_id, _ in both] == [worker for _, worker in both]
    assert _sets(redis) == {worker: {job_id} for job_id, worker in both}


def test_a_job_that_does_not_wait_stays_where_it_is(redis):
    _station(redis, "a")
    running, ended = accept(redis), accept(redis)
    _claim(redis, running, "a")
    cancel(redis, ended)

    assert [_assign(redis, running), _assign(redis, ended)] == ["", ""]
    assert _sets(redis) == {"a": {running}}


def test_whoever_claims_a_job_has_it(redis):
    _station(redis, "a", "b")
    job_id, assigned_to = _assigned(redis)
    other = "a" if assigned_to == "b" else "b"

    _claim(redis, job_id, other)
    assert _sets(redis) == {other: {job_id}}


def test_a_worker_without_a_queue_of_its_own_holds_nothing(redis):
    _station(redis, "a")
    job_id, _ = _assigned(redis)
    _claim(redis, job_id, "reads the shared queue")
    assert _sets(redis) == _holders(redis) == {}


def test_a_job_handed_back_still_waits_where_its_ticket_returns_to(redis):
    _station(redis, "a")
    job_id, _ = _assigned(redis)
    transitions.hand_back(redis, _claim(redis, job_id, "a"), "Redis failed")
    assert _sets(redis) == {"a": {job_id}}


def test_a_job_of_a_silent_worker_is_nobodys(redis):
    _station(redis, "a")
    job_id, _ = _assigned(redis)
    _claim(redis, job_id, "a", EXPIRED)
    assert reclaim(redis) == [job_id]
    assert _sets(redis) == _holders(redis) == {}


def _late(redis, job_id):
    redis.zadd(keys.DEADLINES, {job_id: 1.0})
    reclaim(redis)


ENDS = {
    "cancelled while waiting": cancel,
    "late": _late,
    "succeeded": lambda redis, job_id: finish(redis, _claim(redis, job_id, "a")),
    "lost too often": lambda redis, job_id: (
        _claim(redis, job_id, "a", EXPIRED),
        reclaim(redis, attempts=1),
    ),
}


@pytest.mark.parametrize("end", ENDS)
def test_a_job_that_ended_counts_no_more(redis, end):
    _station(redis, "a")
    job_id, _ = _assigned(redis)
    ENDS[end](redis, job_id)

    assert state(redis, job_id).finished
    assert _sets(redis) == _holders(redis) == {}


def test_counts_are_exact_through_random_lives(redis):
    _station(redis, "a", "b", "c")
    draw, held = random.Random(4), []
    for _ in range(200):
        ids = redis.zrange(keys.JOBS, 0, -1)[-8:] or [accept(redis)]
        job_id = draw.choice(ids)
        step = draw.randrange(8)
        if step <= 1:
            _assigned(redis, priority=draw.choice(["low", "high"]))
        elif step == 2:
            _assign(redis, job_id)
        elif step == 3:
            lease = draw.choice([LEASE, EXPIRED])
            held.append(_claim(redis, job_id, draw.choice(["a", "b", "c", "shared"]), lease))
        elif step == 4:
            dispatch.clear(redis, "images", draw.choice("abc"))
        elif step == 5:
            draw.choice([cancel, lambda r, _: reclaim(r)])(redis, job_id)
        elif job := draw.choice(held or [None]):
            back = lambda r, j: transitions.hand_back(r, j, "stopping")  # noqa: E731
            draw.choice([finish, back])(redis, job)
        assert _sets(redis) == _holders(redis)

    assert queues.load(redis).depth > 0
    assert any(_sets(redis).values())


@pytest.mark.parametrize("priority", ["high", "normal", "low"])
def test_a_ticket_lies_in_its_workers_queue_by_priority(redis, app, priority):
    _station(redis, "a@host")
    job_id = accept(redis, priority=priority)
    dispatch.publish(app, redis, state(redis, job_id), "jsq")

    place = ["high", "normal", "low"].index(priority)
    assert _listed(redis, "images@a@host")[place] == [job_id]
    assert not any(_listed(redis, "images"))
    assert set(tickets.lists("images@a@host")) < set(dispatch.ticket_lists(redis, "images"))


def test_where_no_station_lives_the_shared_queue_takes_the_ticket(redis, app):
    job_id = accept(redis)
    dispatch.publish(app, redis, state(redis, job_id), "jsq")
    assert _listed(redis, "images")[1] == [job_id]


def test_the_shared_rule_assigns_nothing(redis, app):
    _station(redis, "a")
    job_id = accept(redis)
    dispatch.publish(app, redis, state(redis, job_id), "shared")

    assert _listed(redis, "images")[1] == [job_id]
    assert _sets(redis) == _holders(redis) == {}


def test_a_life_without_stations_leaves_no_trace_of_dispatch(redis):
    job = _claim(redis, accept(redis), "worker-1")
    transitions.hand_back(redis, job, "stopping")
    finish(redis, _claim(redis, job.id, "worker-1"))

    assert redis.hget(keys.job(job.id), "assigned") is None
    assert redis.keys(keys.stations("*")) == redis.keys(keys.assigned("*")) == []


def test_a_worker_reads_its_own_queue_and_the_shared_one():
    assert dispatch.consumed("images", "a", "shared") == ["images"]
    assert dispatch.consumed("images", "a", "jsq") == ["images@a", "images"]


def test_clearing_a_station_gives_back_what_waits_there_once(redis, app):
    _station(redis, "a")
    ids = [accept(redis, priority=priority) for priority in ("high", "low", "low")]
    for job_id in ids:
        dispatch.publish(app, redis, state(redis, job_id), "jsq")
    running, ended, waits = ids
    _claim(redis, running, "a")
    cancel(redis, ended)

    assert [job.id for job in dispatch.clear(redis, "images", "a")] == [waits]
    assert not any(_listed(redis, "images@a"))
    assert _sets(redis) == {"a": {running}}
    assert dispatch.clear(redis, "images", "a") == []


def test_clearing_a_station_finds_a_ticket_that_is_in_no_list(redis):
    _station(redis, "a")
    job_id, _ = _assigned(redis)
    assert [job.id for job in dispatch.clear(redis, "images", "a")] == [job_id]


def test_clearing_a_station_leaves_alone_what_another_has(redis, app):
    _station(redis, "a")
    job_id = accept(redis)
    dispatch.publish(app, redis, state(redis, job_id), "jsq")
    queues.check_out(redis, "images", "a")
    _station(redis, "b")
    assert _assign(redis, job_id) == "b"

    assert dispatch.clear(redis, "images", "a") == []
    assert not any(_listed(redis, "images@a"))
    assert _sets(redis) == {"b": {job_id}}


def test_abandoned_are_the_silent_and_those_who_checked_out(redis):
    _station(redis, "a", "left")
    _silent(redis, "silent")
    queues.check_out(redis, "images", "left")

    assert sorted(dispatch.abandoned(redis, "images")) == ["left", "silent"]
    assert dispatch.abandoned(redis, "stories") == []


def test_a_station_silent_for_an_hour_leaves_nothing(redis, app):
    _station(redis, "old", "young")
    dispatch.publish(app, redis, state(redis, accept(redis)), "jsq")
    dispatch.publish(app, redis, state(redis, accept(redis)), "jsq")
    _silent(redis, "old", WORKER_FORGOTTEN_SECONDS + 1)
    _silent(redis, "young", WORKER_FORGOTTEN_SECONDS - 60)
    dispatch.forget(redis, "images")

    left = " ".join(redis.scan_iter("*"))
    assert "images@young" in left
    assert "assigned:young" in left
    assert "old" not in left
    assert redis.zrange(keys.stations("images"), 0, -1) == ["young"]


def test_a_position_is_still_the_place_among_all_that_wait(redis):
    _station(redis, "a", "b")
    ids = [_assigned(redis)[0] for _ in range(4)]
    assert [queues.position(redis, state(redis, job_id)) for job_id in ids] == [0, 1, 2, 3]
