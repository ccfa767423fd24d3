"""Stations: emptied when their worker is gone, forgotten after an hour."""

from services.contract import dispatch, keys, queues
from services.contract.queues import WORKER_FORGOTTEN_SECONDS
from tests.services.contract.making import accept, cancel, claim, state
from tests.services.contract.stations import listed, sets, silent, station


def _assign(redis, job_id):
    return dispatch.assign(redis, state(redis, job_id))


def test_clearing_a_station_gives_back_what_waits_there_once(redis, app):
    station(redis, "worker-1")
    ids = [accept(redis, priority=priority) for priority in ("high", "low", "low")]
    for job_id in ids:
        dispatch.publish(app, redis, state(redis, job_id), "jsq")
    running, ended, waits = ids
    assert claim(redis, running).worker == "worker-1"
    cancel(redis, ended)

    assert [job.id for job in dispatch.clear(redis, "images", "worker-1")] == [waits]
    assert not any(listed(redis, "images@worker-1"))
    assert sets(redis) == {"worker-1": {running}}
    assert dispatch.clear(redis, "images", "worker-1") == []


def test_clearing_a_station_finds_a_ticket_that_is_in_no_list(redis):
    station(redis, "a")
    job_id = accept(redis)
    _assign(redis, job_id)
    assert [job.id for job in dispatch.clear(redis, "images", "a")] == [job_id]


def test_clearing_a_station_leaves_alone_what_another_has(redis, app):
    station(redis, "a")
    job_id = accept(redis)
    dispatch.publish(app, redis, state(redis, job_id), "jsq")
    queues.check_out(redis, "images", "a")
    station(redis, "b")
    assert _assign(redis, job_id) == "b"

    assert dispatch.clear(redis, "images", "a") == []
    assert not any(listed(redis, "images@a"))
    assert sets(redis) == {"b": {job_id}}


def test_abandoned_are_the_silent_and_those_who_checked_out(redis):
    station(redis, "a", "left")
    silent(redis, "silent")
    queues.check_out(redis, "images", "left")

    assert sorted(dispatch.abandoned(redis, "images")) == ["left", "silent"]
    assert dispatch.abandoned(redis, "stories") == []


def test_a_station_silent_for_an_hour_leaves_nothing(redis, app):
    station(redis, "old", "young")
    dispatch.publish(app, redis, state(redis, accept(redis)), "jsq")
    dispatch.publish(app, redis, state(redis, accept(redis)), "jsq")
    silent(redis, "old", WORKER_FORGOTTEN_SECONDS + 1)
    silent(redis, "young", WORKER_FORGOTTEN_SECONDS - 60)
    dispatch.forget(redis, "images")

    left = " ".join(redis.scan_iter("*"))
    assert "images@young" in left
    assert "assigned:young" in left
    assert "old" not in left
    assert redis.zrange(keys.stations("images"), 0, -1) == ["young"]
