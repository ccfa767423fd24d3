"""A job's events, read from any point, with the protocols that a client may speak."""

import pytest
from redis import Redis

from services.contract import events, keys, transitions
from services.contract.connection import CLIENT_OPTIONS
from services.contract.events import BEGINNING
from tests.services.contract.making import accept, cancel, finish, running


@pytest.fixture(params=[2, 3])
def client(request, redis, redis_url):
    """A client for each version of Redis's protocol."""
    options = CLIENT_OPTIONS | {"protocol": request.param}
    with Redis.from_url(redis_url, **options) as made:
        yield made


def _pages(redis, job, numbers):
    for number in numbers:
        transitions.report(redis, job, "page", {"number": number, "text": "Ein Fuchs — „so“"})


def test_a_reader_resumes_after_any_event(redis, client):
    job = running(redis, "story")
    _pages(redis, job, range(5))
    everything = events.after(client, job.id)

    assert [event.type for event in everything] == ["queued", "started", *["page"] * 5]
    for seen, event in enumerate(everything, start=1):
        assert events.after(client, job.id, event.id) == everything[seen:]


def test_events_carry_what_was_told(redis, client):
    job = running(redis, "story")
    _pages(redis, job, [1])

    event = events.after(client, job.id)[-1]

    assert event.data == {"number": 1, "text": "Ein Fuchs — „so“"}
    assert not event.last


def test_progress_never_pushes_a_page_out(redis, client):
    job = running(redis, "story")
    _pages(redis, job, [1])
    for done in range(700):
        transitions.report(redis, job, "progress", {"done": done})

    *earlier, latest = events.after(client, job.id)

    assert [event.type for event in earlier] == ["queued", "started", "page"]
    assert (latest.type, latest.data) == ("progress", {"done": 699})


def test_a_reader_resumes_after_progress_that_is_gone(redis, client):
    job = running(redis, "story")
    transitions.report(redis, job, "progress", {"done": 1})
    seen = events.after(client, job.id)[-1].id
    transitions.report(redis, job, "progress", {"done": 2})
    _pages(redis, job, [1])

    rest = events.after(client, job.id, seen)

    assert [event.type for event in rest] == ["progress", "page"]
    assert events.read(client, {job.id: seen}, block_seconds=0.1) == {job.id: rest}


def test_many_jobs_are_read_at_once(redis, client):
    first, second, quiet = running(redis), running(redis), accept(redis)
    positions = {first.id: BEGINNING, second.id: events.after(client, second.id)[-1].id}
    positions[quiet] = events.after(client, quiet)[-1].id
    finish(redis, second)

    found = events.read(client, positions, block_seconds=1)

    assert {job_id: [event.type for event in batch] for job_id, batch in found.items()} == {
        first.id: ["queued", "started"],
        second.id: ["succeeded"],
    }
    assert found[first.id] == events.after(client, first.id)


def test_a_read_with_no_news_ends(redis, client):
    job = running(redis)
    positions = {job.id: events.after(client, job.id)[-1].id}

    assert events.read(client, positions, block_seconds=0.05) == {}


def test_the_last_event_is_the_last(redis, client):
    job_id = accept(redis)
    cancel(redis, job_id)

    assert [event.last for event in events.after(client, job_id)] == [False, True]


def test_a_job_that_tells_too_much_keeps_what_is_newest(redis):
    job = running(redis)
    _pages(redis, job, range(700))

    kept = events.after(redis, job.id)

    assert 500 <= len(kept) < 700
    assert kept[-1].data["number"] == 699
    assert redis.xlen(keys.events(job.id)) == len(kept)


def test_an_unknown_job_has_no_events(redis, client):
    assert events.after(client, "0" * 32) == []
