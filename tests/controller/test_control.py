"""Leadership and decisions, with controllers in this process."""

import logging

import pytest

from controller.publish import RENEW_SECONDS, Acknowledgements
from services.contract import keys, level, queues
from tests.controller.situations import pin
from tests.services.contract.making import EXPIRED, accept, cancel, running, state


def _run(controller):
    for chore in controller.chores():
        chore.action()


def test_the_leader_puts_the_level_that_the_depth_calls_for(redis, controller):
    leader = controller("a")
    seen = []
    for _ in range(5):
        _run(leader)
        seen.append(level.read(redis, "images").level.name)
        accept(redis)

    assert seen == ["best", "best", "good", "good", "fair"]
    assert level.read(redis, "images").reason == "depth 4 reached 4"


def test_the_level_comes_back_rung_by_rung(redis, controller):
    leader = controller("a")
    jobs = [accept(redis) for _ in range(6)]
    _run(leader)
    for job_id in jobs:
        cancel(redis, job_id)
    seen = []
    for _ in range(3):
        _run(leader)
        seen.append(level.read(redis, "images").level.name)

    assert seen == ["good", "best", "best"]


def test_a_level_in_force_is_renewed_every_other_second_and_not_more_often(redis, controller):
    leader = controller("a")
    _run(leader)
    first = level.read(redis, "images")
    recent = first.lease_until + 60
    redis.hset(keys.policy("images"), "lease_until", recent)
    _run(leader)
    assert level.read(redis, "images").lease_until == recent
    redis.hset(keys.policy("images"), "lease_until", first.lease_until - RENEW_SECONDS)
    _run(leader)

    assert level.read(redis, "images").lease_until > first.lease_until
    assert level.read(redis, "images").version == first.version


def test_what_is_not_as_decided_is_put_right_at_once(redis, controller):
    leader = controller("a")
    _run(leader)
    for field, value in (("index", "1"), ("epoch", "0")):
        redis.hset(keys.policy("images"), field, value)
        _run(leader)
        found = level.read(redis, "images")
        assert (found.index, found.epoch) == (0, 1)


def test_one_leads_and_the_other_stands_by(redis, controller):
    first, second = controller("a"), controller("b")
    _run(first)
    before = level.read(redis, "images")
    accept(redis)
    accept(redis)
    lost = running(redis, lease=EXPIRED)

    _run(second)

    assert (first.leads, second.leads) == (True, False)
    assert level.read(redis, "images") == before
    assert state(redis, lost.id).status == "running"


def test_whoever_stands_by_takes_over_and_the_old_leader_is_refused(redis, controller):
    first, second = controller("a"), controller("b")
    _run(first)
    redis.delete(keys.LEADER)
    second.stand()
    for _ in range(2):
        accept(redis)

    first.decide()

    assert not first.leads
    assert level.read(redis, "images").level.name == "best"
    _run(second)
    assert (level.read(redis, "images").level.name, level.read(redis, "images").epoch) == (
        "good",
        2,
    )
    _run(first)
    assert not first.leads


def test_a_successor_goes_on_from_the_level_it_finds(redis, controller):
    first, second = controller("a"), controller("b")
    for _ in range(2):
        accept(redis)
    _run(first)
    before = level.read(redis, "images")
    first.step_down()
    _run(second)

    assert second.leads
    after = level.read(redis, "images")
    assert (after.version, after.since, after.reason) == (1, before.since, before.reason)


def test_a_pin_is_in_force_until_it_is_taken_away(redis, controller):
    leader = controller("a")
    _run(leader)
    level.pin(redis, "images", pin("fair"), seconds=60)
    _run(leader)
    assert level.read(redis, "images").level.name == "fair"
    assert level.read(redis, "images").reason == "pinned by ada: a demonstration"
    level.unpin(redis, "images")
    _run(leader)
    assert level.read(redis, "images").level.name == "best"


def test_a_pin_of_an_unknown_level_is_told_once(redis, controller, caplog):
    level.pin(redis, "images", pin("gone"), seconds=60)
    leader = controller("a")
    for _ in range(3):
        _run(leader)

    told = [record.getMessage() for record in caplog.records if "gone" in record.getMessage()]
    assert told == ["the pinned level 'gone' is not one of best, good, fair: ignored"]
    assert level.read(redis, "images").level.name == "best"


def test_a_change_of_level_is_one_line_with_its_reasons(redis, controller, caplog):
    caplog.set_level(logging.INFO, "controller.publish")
    leader = controller("a")
    _run(leader)
    for _ in range(2):
        accept(redis)
    for _ in range(3):
        _run(leader)

    told = [record for record in caplog.records if record.name == "controller.publish"]
    assert [record.getMessage() for record in told] == [
        "stories: level None -> best: depth 0 is below 2",
        "images: level None -> best: depth 0 is below 2",
        "images: level best -> good: depth 2 reached 2",
    ]
    assert (told[-1].queue, told[-1].depth, told[-1].version) == ("images", 2, 2)


def test_one_broken_step_does_not_stop_the_others(redis, controller, caplog):
    leader = controller("a")
    leader.stand()
    damaged = accept(redis)
    redis.hset(keys.job(damaged), "request", "{")
    redis.hset(keys.job(damaged), "queued_at", "0")
    lost = running(redis, lease=EXPIRED)
    redis.zadd(keys.JOBS, {"f" * 32: 1})

    leader.reconcile()

    assert state(redis, lost.id).status == "queued"
    assert redis.zscore(keys.JOBS, "f" * 32) is None
    assert "cannot publish_lost" in caplog.text


def test_a_worker_that_does_not_follow_is_told_of_once(redis, caplog):
    for queue, worker, version in (
        ("images", "slow", 6),
        ("images", "swift", 7),
        ("stories", "other", 2),
    ):
        queues.check_in(redis, queue, worker)
        level.acknowledge(redis, worker, version)
    watcher = Acknowledgements("images", patience=3)

    late = [watcher.watch(redis, 7, now) for now in (100, 102.9, 103, 104)]

    assert late == [[], [], ["slow"], []]
    assert "worker slow has not applied version 7" in caplog.text
    assert watcher.watch(redis, 8, 105) == []
    level.acknowledge(redis, "slow", 8)
    assert watcher.watch(redis, 8, 109) == ["swift"]


def test_a_worker_that_is_gone_need_not_follow(redis):
    level.acknowledge(redis, "gone", 1)
    watcher = Acknowledgements("images", patience=0)
    assert watcher.watch(redis, 2, 100) == []


@pytest.mark.parametrize("seconds", [0.05, 60.0])
def test_leadership_is_renewed_in_time_whatever_the_pace(controller, settings, seconds):
    object.__setattr__(settings, "controller_seconds", seconds)
    paces = {chore.name: chore.seconds for chore in controller("a").chores()}

    assert paces["stand for leader"] < level.LEADER_SECONDS / 3
    assert paces["decide"] == seconds


def test_a_decision_that_changes_nothing_asks_redis_once(redis, controller):
    leader = controller("a")
    _run(leader)
    asked = redis.info("commandstats")["cmdstat_evalsha"]["calls"]
    leader.decide()

    assert redis.info("commandstats")["cmdstat_evalsha"]["calls"] == asked + 1
