"""What is outstanding, where a job stands, and who serves."""

import pytest

from services.contract import keys, level, queues, transitions
from services.contract.transitions import Outcome, Service
from tests.services.contract.making import RETENTION, accept, claim, finish, running, state


def test_nothing_is_outstanding_at_first(redis):
    load = queues.load(redis)

    assert (load.depth, load.oldest_age, load.arrival_rate) == (0, 0, 0)
    assert load.queues["images"].depth == 0


def test_the_load_tells_the_queues_apart(redis):
    accept(redis, "story")
    accept(redis, "image", priority="low")
    accept(redis, "image", priority="high")
    running(redis, "image")

    load = queues.load(redis)

    assert (load.queues["stories"].waiting, load.queues["stories"].running) == (1, 0)
    assert (load.queues["images"].waiting, load.queues["images"].running) == (2, 1)
    assert load.depth == 4
    assert load.arrival_rate == pytest.approx(4 / queues.ARRIVAL_WINDOW_SECONDS)


def test_the_oldest_age_is_that_of_the_oldest_waiting_job(redis):
    for priority, seconds in (("low", 50.0), ("normal", 70.0), ("high", 20.0)):
        job = state(redis, accept(redis, priority=priority))
        redis.zadd(keys.waiting("images", priority), {job.id: job.created_at - seconds})

    assert queues.load(redis).oldest_age == pytest.approx(70, abs=1)
    assert queues.load(redis).queues["stories"].oldest_age == 0


def test_the_load_tells_service_times_and_workers(redis):
    for seconds in (2.0, 4.0):
        outcome = Outcome("succeeded", service=Service(seconds, seconds))
        transitions.finish(redis, running(redis), outcome, retention=RETENTION)
    queues.check_in(redis, "images", "a")
    queues.check_in(redis, "images", "b")

    images = queues.load(redis).queues["images"]

    assert (images.service_mean, images.workers) == (3.0, 2)


def test_only_the_last_fifty_service_times_count(redis):
    for number in range(60):
        outcome = Outcome("succeeded", service=Service(100.0 if number < 10 else 1.0, 1.0))
        transitions.finish(redis, running(redis), outcome, retention=RETENTION)

    assert queues.load(redis).queues["images"].service_mean == 1.0


def test_a_silent_worker_does_not_count(redis):
    queues.check_in(redis, "images", "here")
    queues.check_in(redis, "stories", "also here")
    late = redis.time()[0] - queues.WORKER_HORIZON_SECONDS - 5
    redis.zadd(keys.workers("images"), {"silent": late, "long gone": late - 7200})

    assert queues.load(redis).queues["images"].workers == 1
    assert queues.live_workers(redis, "images") == {"here"}
    assert queues.live_workers(redis, "stories") == {"also here"}
    queues.check_in(redis, "images", "here")
    assert redis.zrange(keys.workers("images"), 0, -1) == ["silent", "here"]


def test_a_worker_long_gone_leaves_no_applied_version_behind(redis):
    level.acknowledge(redis, "here", 3)
    level.acknowledge(redis, "long gone", 2)
    redis.zadd(keys.workers("images"), {"long gone": redis.time()[0] - 7200})
    queues.check_in(redis, "images", "here")

    assert level.applied(redis) == {"here": 3}


def test_a_worker_that_checks_out_is_gone(redis):
    queues.check_in(redis, "images", "here")
    queues.check_out(redis, "images", "here")

    assert queues.load(redis).queues["images"].workers == 0


def test_a_job_knows_how_many_go_before_it(redis):
    low, normal, high, second = (
        accept(redis, priority=priority) for priority in ("low", "normal", "high", "normal")
    )
    accept(redis, "story", priority="high")

    places = [queues.position(redis, state(redis, job)) for job in (high, normal, second, low)]

    assert places == [0, 1, 2, 3]


def test_a_newcomer_finds_those_of_its_priority_and_above_ahead(redis):
    for priority in ("low", "low", "normal", "high"):
        accept(redis, priority=priority)
    running(redis)

    images = queues.load(redis).queues["images"]

    assert [images.before(priority) for priority in ("high", "normal", "low")] == [2, 3, 5]


def test_arrivals_are_counted_for_ever(redis):
    finish(redis, running(redis))
    accept(redis)

    load = queues.load(redis)

    assert (load.queues["images"].arrivals, load.queues["stories"].arrivals) == (2, 0)


def test_a_claimed_job_has_no_place(redis):
    job_id = accept(redis)
    claim(redis, job_id)

    assert queues.position(redis, state(redis, job_id)) is None


def test_a_set_of_pictures_counts_one_by_one_until_it_ends(redis):
    accept(redis, count=4, priority="low")
    accept(redis, priority="high")
    drawn = running(redis, count=3)

    images = queues.load(redis).queues["images"]

    assert (images.depth, images.sisters, images.workload) == (3, 5, 8)
    assert images.arrivals == 8
    assert [images.before(priority) for priority in ("high", "low")] == [round(2 * 8 / 3), 8]
    finish(redis, drawn)
    assert queues.load(redis).queues["images"].workload == 5


def test_pictures_of_a_job_from_before_they_were_counted_are_not_taken_off(redis):
    old = running(redis, count=4)
    redis.hdel(keys.job(old.id), "units")
    redis.delete(keys.sisters("images"))
    kept = accept(redis, count=2)
    finish(redis, old)

    assert queues.load(redis).queues["images"].workload == 2
    transitions.cancel(redis, kept, retention=RETENTION)
    assert queues.load(redis).queues["images"].workload == 0
    assert not redis.exists(keys.sisters("images"))


def test_an_empty_queue_has_no_pictures_whatever_was_counted(redis):
    vanished = accept(redis, count=8)
    last = running(redis, count=2)
    redis.delete(keys.job(vanished))
    redis.zrem(keys.waiting("images", "normal"), vanished)
    finish(redis, last)

    assert queues.load(redis).queues["images"].workload == 0


def test_a_book_that_is_written_is_outstanding_but_no_work_for_the_story_workers(redis):
    book = running(redis, "storybook")
    running(redis, "story")
    accept(redis, "story")
    before = queues.load(redis).queues["stories"]
    transitions.report(redis, book, "written", {}, result={"story": {}})
    stories = queues.load(redis).queues["stories"]

    assert (before.depth, before.workload, before.drawing) == (3, 3, 0)
    assert (stories.depth, stories.workload, stories.drawing) == (3, 2, 1)
    assert stories.before("normal") == 2
    finish(redis, book)
    assert queues.load(redis).queues["stories"].drawing == 0


def test_the_share_of_a_set_is_that_of_its_pictures(redis):
    for count, share in ((4, 8.0), (1, 3.0)):
        outcome = Outcome("succeeded", service=Service(share, 9.0))
        transitions.finish(redis, running(redis, count=count), outcome, retention=RETENTION)

    assert queues.load(redis).queues["images"].service_mean == pytest.approx(11 / 5)


def test_samples_of_older_versions_count_as_one_picture(redis):
    old = {"share": 2.0, "elapsed": 2.0, "kind": "image", "level": "", "response": 3.0}
    redis.xadd(keys.samples("images"), old | {"predicted": ""})

    assert queues.load(redis).queues["images"].service_mean == 2.0
