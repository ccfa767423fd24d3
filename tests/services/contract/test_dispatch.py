"""Tickets by the rule `jsq`: to the station with the fewest jobs, counted exactly."""

import random

import pytest

from services.contract import dispatch, keys, queues, tickets, transitions
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
from tests.services.contract.stations import holders, listed, sets, silent, station


def _assign(redis, job_id):
    return dispatch.assign(redis, state(redis, job_id))


def _assigned(redis, **options):
    job_id = accept(redis, **options)
    return job_id, _assign(redis, job_id)


def _claim(redis, job_id, worker, lease=LEASE):
    return transitions.claim(redis, job_id, worker, lease=lease, retention=RETENTION)


def test_jobs_spread_evenly(redis):
    station(redis, "a", "b", "c")
    for _ in range(8):
        _assigned(redis)

    assert sorted(dispatch.outstanding(redis, worker) for worker in "abc") == [2, 3, 3]


def test_the_shortest_queue_counts_what_runs_and_what_waits(redis):
    station(redis, "a", "b")
    _claim(redis, accept(redis), "a")
    assert _assigned(redis)[1] == "b"
    running = [_claim(redis, accept(redis), "b") for _ in range(2)]
    assert [_assigned(redis)[1] for _ in range(2)] == ["a", "a"]

    for job in running:
        finish(redis, job)
    assert [_assigned(redis)[1] for _ in range(2)] == ["b", "b"]


@pytest.mark.parametrize(("draw", "worker"), [(0.0, "a"), (0.4, "b"), (0.999, "c")])
def test_a_lot_decides_among_equals(redis, monkeypatch, draw, worker):
    station(redis, "a", "b", "c")
    monkeypatch.setattr(random, "random", lambda: draw)
    assert _assigned(redis)[1] == worker


def test_only_a_live_worker_with_a_queue_of_its_own_is_chosen(redis):
    queues.check_in(redis, "images", "reads the shared queue")
    station(redis, "draws")
    station(redis, "writes", queue="stories")
    silent(redis, "silent")
    dispatch.open_station(redis, "images", "not ready yet")

    assert {_assigned(redis)[1] for _ in range(5)} == {"draws"}
    queues.check_out(redis, "images", "draws")
    assert _assigned(redis)[1] == ""


def test_a_job_assigned_again_does_not_count_against_itself(redis):
    station(redis, "a", "b")
    both = [_assigned(redis) for _ in range(2)]

    assert [_assign(redis, job_id) for job_id, _ in both] == [worker for _, worker in both]
    assert sets(redis) == {worker: {job_id} for job_id, worker in both}


def test_a_job_that_does_not_wait_stays_where_it_is(redis):
    station(redis, "a")
    running, ended = accept(redis), accept(redis)
    _claim(redis, running, "a")
    cancel(redis, ended)

    assert [_assign(redis, running), _assign(redis, ended)] == ["", ""]
    assert sets(redis) == {"a": {running}}


def test_whoever_claims_a_job_has_it(redis):
    station(redis, "a", "b")
    job_id, assigned_to = _assigned(redis)
    other = "a" if assigned_to == "b" else "b"

    _claim(redis, job_id, other)
    assert sets(redis) == {other: {job_id}}


def test_a_worker_without_a_queue_of_its_own_holds_nothing(redis):
    station(redis, "a")
    job_id, _ = _assigned(redis)
    _claim(redis, job_id, "reads the shared queue")
    assert sets(redis) == holders(redis) == {}


def test_a_job_handed_back_still_waits_where_its_ticket_returns_to(redis):
    station(redis, "a")
    job_id, _ = _assigned(redis)
    transitions.hand_back(redis, _claim(redis, job_id, "a"), "Redis failed")
    assert sets(redis) == {"a": {job_id}}


def test_a_job_of_a_silent_worker_is_nobodys(redis):
    station(redis, "a")
    job_id, _ = _assigned(redis)
    _claim(redis, job_id, "a", EXPIRED)
    assert reclaim(redis) == [job_id]
    assert sets(redis) == holders(redis) == {}


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
    station(redis, "a")
    job_id, _ = _assigned(redis)
    ENDS[end](redis, job_id)

    assert state(redis, job_id).finished
    assert sets(redis) == holders(redis) == {}


def test_counts_are_exact_through_random_lives(redis):
    station(redis, "a", "b", "c")
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
        assert sets(redis) == holders(redis)

    assert queues.load(redis).depth > 0
    assert any(sets(redis).values())


@pytest.mark.parametrize("priority", ["high", "normal", "low"])
def test_a_ticket_lies_in_its_workers_queue_by_priority(redis, app, priority):
    station(redis, "a@host")
    job_id = accept(redis, priority=priority)
    dispatch.publish(app, redis, state(redis, job_id), "jsq")

    place = ["high", "normal", "low"].index(priority)
    assert listed(redis, "images@a@host")[place] == [job_id]
    assert not any(listed(redis, "images"))
    assert set(tickets.lists("images@a@host")) < set(dispatch.ticket_lists(redis, "images"))


def test_where_no_station_lives_the_shared_queue_takes_the_ticket(redis, app):
    job_id = accept(redis)
    dispatch.publish(app, redis, state(redis, job_id), "jsq")
    assert listed(redis, "images")[1] == [job_id]


def test_the_shared_rule_assigns_nothing(redis, app):
    station(redis, "a")
    job_id = accept(redis)
    dispatch.publish(app, redis, state(redis, job_id), "shared")

    assert listed(redis, "images")[1] == [job_id]
    assert sets(redis) == holders(redis) == {}


def test_a_life_without_stations_leaves_no_trace_of_dispatch(redis):
    job = _claim(redis, accept(redis), "worker-1")
    transitions.hand_back(redis, job, "stopping")
    finish(redis, _claim(redis, job.id, "worker-1"))

    assert redis.hget(keys.job(job.id), "assigned") is None
    assert redis.keys(keys.stations("*")) == redis.keys(keys.assigned("*")) == []


def test_a_worker_reads_its_own_queue_and_the_shared_one():
    assert dispatch.consumed("images", "a", "shared") == ["images"]
    assert dispatch.consumed("images", "a", "jsq") == ["images@a", "images"]


def test_a_position_is_still_the_place_among_all_that_wait(redis):
    station(redis, "a", "b")
    ids = [_assigned(redis)[0] for _ in range(4)]
    assert [queues.position(redis, state(redis, job_id)) for job_id in ids] == [0, 1, 2, 3]
