"""The life of a job, step by step, and what each step refuses."""

import json

import pytest

from services.contract import events, keys, queues, transitions
from services.contract.jobs import Artifact, Failure, Progress, Status
from services.contract.transitions import Admission, Hold, Orphaned, Outcome, QueueFull, Service
from tests.services.contract.making import (
    LEASE,
    NOBODY,
    RETENTION,
    accept,
    claim,
    finish,
    request,
    running,
    state,
)


def test_an_accepted_job_waits_with_all_it_was_asked(redis):
    job = state(redis, accept(redis, "story", pages=3, priority="high", deadline_seconds=90))

    assert job.status is Status.QUEUED
    assert (job.kind, job.queue, job.priority, job.attempts) == ("story", "stories", "high", 0)
    assert job.request == request("story", pages=3, priority="high", deadline_seconds=90)
    assert job.deadline_at == pytest.approx(job.created_at + 90, abs=1e-4)
    assert [event.type for event in events.after(redis, job.id)] == ["queued"]


@pytest.mark.parametrize(
    ("kind", "queue"), [("story", "stories"), ("storybook", "stories"), ("image", "images")]
)
def test_each_kind_has_its_queue(redis, kind, queue):
    assert state(redis, accept(redis, kind)).queue == queue


def test_a_claim_gives_the_record_and_a_token(redis):
    job = running(redis)

    assert (job.status, job.attempts, job.token, job.worker) == (Status.RUNNING, 1, 1, "worker-1")
    assert job.started_at is not None
    assert job == state(redis, job.id)


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED, Status.CANCELLED])
def test_a_claim_of_an_ended_job_gets_nothing(redis, status):
    job = running(redis)
    finish(redis, job, status)

    assert claim(redis, job.id) is None
    assert state(redis, job.id).status is status


def test_a_claim_of_a_running_or_unknown_job_gets_nothing(redis):
    job = running(redis)

    assert claim(redis, job.id) is None
    assert claim(redis, NOBODY) is None
    assert state(redis, job.id) == job


def test_a_claim_after_the_deadline_fails_the_job(redis):
    job_id = accept(redis, deadline_seconds=1e-6)

    assert claim(redis, job_id) is None
    job = state(redis, job_id)
    assert job.status is Status.FAILED
    assert job.error is not None
    assert job.error.type == "deadline"
    assert "more seconds" in job.error.message


def test_a_finished_job_keeps_what_its_owner_told(redis):
    job = running(redis)
    artifact = Artifact(name="a.png", path="x/a.png", media_type="image/png", bytes=3, sha256="f")
    outcome = Outcome(Status.SUCCEEDED, {"pages": 2}, (artifact,), service=Service(1.5, 2.0))

    assert transitions.finish(redis, job, outcome, retention=RETENTION) is Hold.OK

    ended = state(redis, job.id)
    assert (ended.status, ended.result, ended.artifacts) == ("succeeded", {"pages": 2}, (artifact,))
    assert ended.finished_at is not None
    assert ended.finished_at >= job.started_at
    last = events.after(redis, job.id)[-1]
    assert last.last
    assert last.data == {"result": {"pages": 2}, "artifacts": ["a.png"], "error": None}
    ((_, sample),) = redis.xrange(keys.samples("images"))
    assert (sample["share"], sample["elapsed"], sample["kind"]) == ("1.5", "2.0", "image")
    assert redis.hgetall(keys.TOTALS) == {"image:succeeded": "1"}


def test_a_failure_is_recorded_with_its_reason(redis):
    job = running(redis)
    failure = Failure(type="MemoryError", message="too large")
    transitions.finish(redis, job, Outcome(Status.FAILED, error=failure), retention=RETENTION)

    assert state(redis, job.id).error == failure
    assert redis.exists(keys.samples("images")) == 0


def test_a_report_sets_a_field_and_tells_it(redis):
    job = running(redis)
    progress = Progress(phase="drawing", done=3, total=8)

    hold = transitions.report(redis, job, "progress", progress.model_dump(), progress=progress)

    assert hold is Hold.OK
    assert state(redis, job.id).progress == progress
    assert events.after(redis, job.id)[-1].data == {"phase": "drawing", "done": 3, "total": 8}


def test_a_report_without_a_field_only_tells(redis):
    job = running(redis)
    transitions.report(redis, job, "note", {"said": "…"})

    assert state(redis, job.id) == job
    assert events.after(redis, job.id)[-1].data == {"said": "…"}


def test_renewing_moves_the_end_of_the_lease(redis):
    job = running(redis, lease=1.0)
    before = redis.zscore(keys.running("images"), job.id)

    assert transitions.renew(redis, job, lease=LEASE) is Hold.OK
    assert redis.zscore(keys.running("images"), job.id) - before > LEASE / 2


def test_the_capacity_counts_waiting_and_running_jobs(redis):
    terms = Admission(capacity=2, retention_seconds=RETENTION)
    transitions.accept(redis, request(), terms)
    job_id, _ = transitions.accept(redis, request("story"), terms)
    job = claim(redis, job_id)

    with pytest.raises(QueueFull, match="2 jobs are outstanding"):
        transitions.accept(redis, request(), terms)
    finish(redis, job)
    assert transitions.accept(redis, request(), terms)[1]


def test_a_queue_may_have_a_capacity_of_its_own(redis):
    terms = Admission(capacity=9, retention_seconds=RETENTION, queue_capacity=2)
    job = claim(redis, transitions.accept(redis, request(), terms)[0])
    transitions.accept(redis, request(), terms)

    with pytest.raises(QueueFull, match="2 in the queue images") as full:
        transitions.accept(redis, request(), terms)
    assert full.value.queue == "images"
    assert transitions.accept(redis, request("story"), terms)[1], "the other queue has room"
    finish(redis, job)
    assert transitions.accept(redis, request(), terms)[1]


def test_a_child_ignores_the_capacity_of_its_queue(redis):
    book = running(redis, "storybook")
    accept(redis)
    terms = Admission(9, RETENTION, parent=book.id, queue_capacity=1)

    assert transitions.accept(redis, request(), terms)[1]


def test_the_record_keeps_what_was_predicted(redis):
    terms = Admission(9, RETENTION, predicted_seconds=12.5)

    assert state(redis, transitions.accept(redis, request(), terms)[0]).predicted_seconds == 12.5
    assert state(redis, accept(redis)).predicted_seconds is None


def test_a_refused_request_leaves_nothing_behind(redis):
    terms = Admission(capacity=0, retention_seconds=RETENTION, idempotency_key="k")
    with pytest.raises(QueueFull):
        transitions.accept(redis, request(), terms)

    assert redis.keys("*") == []


def test_pictures_of_an_accepted_book_are_never_refused(redis):
    book = running(redis, "storybook")
    terms = Admission(capacity=1, retention_seconds=RETENTION, parent=book.id)

    child, new = transitions.accept(redis, request(), terms)

    assert new
    assert state(redis, child).parent == book.id
    assert redis.smembers(keys.children(book.id)) == {child}


@pytest.mark.parametrize("end", ["waiting", "finished", "cancelling", "unknown"])
def test_a_book_that_does_not_run_takes_no_pictures(redis, end):
    parent = NOBODY
    if end == "waiting":
        parent = accept(redis, "storybook")
    elif end != "unknown":
        book = running(redis, "storybook")
        parent = book.id
        _ = (
            finish(redis, book)
            if end == "finished"
            else transitions.cancel(redis, book.id, retention=RETENTION)
        )

    with pytest.raises(Orphaned, match=parent):
        accept(redis, parent=parent)
    assert queues.load(redis).queues["images"].depth == 0


def test_the_record_holds_plain_numbers(redis):
    job = running(redis)
    record = redis.hgetall(keys.job(job.id))

    assert all("e" not in record[name] for name in ("created_at", "queued_at", "started_at"))
    assert record["attempts"] == record["token"] == "1"
    assert json.loads(record["request"])["kind"] == "image"


def test_there_is_no_job_where_there_is_no_record(redis):
    here = accept(redis)

    assert transitions.get(redis, NOBODY) is None
    assert [job.id for job in transitions.get_many(redis, [NOBODY, here])] == [here]
    assert transitions.get_many(redis, []) == []


def test_a_damaged_record_does_not_hide_the_others(redis, caplog):
    damaged, here = accept(redis), accept(redis)
    redis.hset(keys.job(damaged), "request", "{}")

    assert [job.id for job in transitions.get_many(redis, [damaged, here])] == [here]
    assert damaged in [record.job for record in caplog.records]
