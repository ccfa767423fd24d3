"""What recent jobs took, as the estimates read it."""

import pytest
from redis import Redis

from services.contract import keys, samples, transitions
from services.contract.jobs import Status
from services.contract.transitions import Outcome, Service
from tests.services.contract.making import RETENTION, request, running


def _finish(redis: Redis, share: float, elapsed: float, kind: str = "image") -> None:
    outcome = Outcome(Status.SUCCEEDED, service=Service(share, elapsed))
    transitions.finish(redis, running(redis, kind), outcome, retention=RETENTION)


def test_samples_come_in_the_order_in_which_jobs_ended(redis):
    for share in (1.0, 2.0, 3.0):
        _finish(redis, share, 4.0)

    found = samples.after(redis, "images")

    assert [(sample.share, sample.elapsed, sample.kind) for sample in found] == [
        (1.0, 4.0, "image"),
        (2.0, 4.0, "image"),
        (3.0, 4.0, "image"),
    ]
    assert all(0 <= sample.response < 60 for sample in found)


def test_only_what_came_after_an_id_is_read(redis):
    _finish(redis, 1.0, 1.0)
    (first,) = samples.after(redis, "images")
    assert samples.after(redis, "images", first.id) == []
    _finish(redis, 2.0, 2.0)
    assert [sample.share for sample in samples.after(redis, "images", first.id)] == [2.0]


def test_each_queue_has_its_own(redis):
    _finish(redis, 1.0, 1.0, kind="story")
    assert samples.after(redis, "images") == []
    assert [sample.kind for sample in samples.after(redis, "stories")] == ["story"]


def test_where_no_level_and_no_prediction_were_there_are_none(redis):
    _finish(redis, 1.0, 1.0)
    (sample,) = samples.after(redis, "images")
    assert (sample.level, sample.predicted) == ("", None)


def test_a_level_and_what_was_predicted_are_read(redis):
    terms = transitions.Admission(
        capacity=9, retention_seconds=RETENTION, job_id="a" * 32, predicted_seconds=7.5
    )
    transitions.accept(redis, request(), terms)
    job = transitions.claim(redis, "a" * 32, "worker-1", lease=60, retention=RETENTION)
    redis.hset(keys.job(job.id), "level", '{"level": {"name": "fast"}}')
    outcome = Outcome(Status.SUCCEEDED, service=Service(1.0, 2.0))
    transitions.finish(redis, job, outcome, retention=RETENTION)

    (sample,) = samples.after(redis, "images")

    assert sample.level == "fast"
    assert sample.predicted == pytest.approx(7.5)


def test_both_queues_are_read_at_once_each_from_its_own_place(redis):
    _finish(redis, 1.0, 1.0)
    _finish(redis, 2.0, 2.0, kind="story")
    (first,) = samples.after(redis, "images")

    found = samples.after_each(redis, {"images": first.id, "stories": samples.BEGINNING})

    assert {queue: [each.share for each in these] for queue, these in found.items()} == {
        "images": [],
        "stories": [2.0],
    }


def test_a_sample_tells_its_pictures_its_settings_and_whether_it_was_retimed(redis):
    job = running(redis, count=3)
    outcome = Outcome(Status.SUCCEEDED, service=Service(6.0, 7.0, "a digest", retimed=True))
    transitions.finish(redis, job, outcome, retention=RETENTION)
    _finish(redis, 1.0, 1.0)

    found = samples.after(redis, "images")

    assert [(each.units, each.settings, each.retimed) for each in found] == [
        (3, "a digest", True),
        (1, "", False),
    ]


def test_a_sample_of_an_older_version_is_of_one_picture_at_unknown_settings(redis):
    old = {"share": 2.0, "elapsed": 2.0, "kind": "image", "level": "fast", "response": 3.0}
    redis.xadd(keys.samples("images"), old | {"predicted": ""})

    (sample,) = samples.after(redis, "images")

    assert (sample.units, sample.settings, sample.retimed) == (1, "", False)
