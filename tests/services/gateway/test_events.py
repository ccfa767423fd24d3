"""The event stream: complete, resumable, and never in the way of other calls."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
import pytest
from flask.testing import FlaskClient
from redis import Redis

from services.contract import transitions
from services.gateway.resources import events
from services.gateway.resources.events import message
from tests.services.gateway.conftest import Owner, Running
from tests.services.gateway.streams import messages, opened
from tests.waiting import wait_until

IMAGE = {"kind": "image", "prompt": "a fox"}
PLACES = 3  # of the `server` fixture


def submit(server: Running) -> dict[str, str]:
    """The addresses of a new job."""
    answer = httpx.post(server.url + "/v1/jobs", json=IMAGE)
    assert answer.status_code == 202
    return {"id": answer.json()["id"]} | {
        name: server.url + path for name, path in answer.json()["urls"].items()
    }


@contextmanager
def all_taken(job: dict[str, str]) -> Iterator[None]:
    """Hold every place; those that earlier clients left may take a moment to come free."""

    def begun() -> httpx.Response | None:
        answer = held.enter_context(opened(job["events"]))
        return answer if answer.status_code == 200 else None

    with ExitStack() as held:
        for _ in range(PLACES):
            wait_until(begun, "a place is free", events.KEEP_ALIVE_SECONDS)
        yield


def test_a_stream_tells_a_life_as_it_happens(redis: Redis, server: Running, owner: Owner) -> None:
    job = submit(server)
    with opened(job["events"]) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream")
        assert answer.headers["Cache-Control"] == "no-store"
        stream = messages(answer)
        assert next(stream)["event"] == "queued"
        running = owner.claim(job["id"])
        assert next(stream)["data"] == {"worker": "w1", "attempt": 1}
        transitions.report(redis, running, "progress", {"done": 1, "text": "Füchse\nund"})
        assert next(stream)["data"] == {"done": 1, "text": "Füchse\nund"}
        owner.finish(running)
        rest = list(stream)
    assert [event["event"] for event in rest] == ["succeeded"]
    assert rest[0]["data"]["result"] == {"seed": 7}


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_stream_goes_on_after_the_last_event_seen(
    redis: Redis, server: Running, owner: Owner, how: str
) -> None:
    job = submit(server)
    owner.perform(job["id"])
    with opened(job["events"]) as answer:
        whole = list(messages(answer))
    seen = whole[0]["id"]
    headers = {"Last-Event-ID": seen} if how == "header" else {}
    url = job["events"] + ("" if how == "header" else f"?after={seen}")
    with opened(url, **headers) as answer:
        assert list(messages(answer)) == whole[1:]
    with opened(job["events"], **{"Last-Event-ID": whole[-1]["id"]}) as answer:
        assert answer.status_code == 204


def test_many_clients_see_the_same_events(redis: Redis, server: Running, owner: Owner) -> None:
    job = submit(server)
    with opened(job["events"]) as first, opened(job["events"]) as second:
        readers = [messages(first), messages(second)]
        started = [next(reader)["event"] for reader in readers]
        owner.perform(job["id"])
        ends = [[event["event"] for event in reader] for reader in readers]
    assert started == ["queued", "queued"]
    assert ends == [["started", "succeeded"]] * 2


def test_streams_leave_room_for_ordinary_calls(redis: Redis, server: Running) -> None:
    job = submit(server)
    with all_taken(job):
        refused = httpx.get(job["events"])
        assert (refused.status_code, refused.json()["type"]) == (503, "/docs#streams-taken")
        assert int(refused.headers["Retry-After"]) > 0
        assert "poll" in refused.json()["detail"]
        for call in ("/livez", "/v1/queue", "/v1/jobs", "/metrics"):
            assert httpx.get(server.url + call, timeout=5).status_code == 200
        # A preference may go unheeded, the job may not.
        waiting = httpx.post(server.url + "/v1/jobs", json=IMAGE, headers={"Prefer": "wait=30"})
        assert waiting.status_code == 202


def test_clients_that_go_away_free_their_places(redis: Redis, server: Running) -> None:
    job = submit(server)
    with all_taken(job):
        assert httpx.get(job["events"]).status_code == 503
    # Nothing happens to the job meanwhile, so no write can have told the server.
    with all_taken(job):
        assert httpx.get(job["events"]).status_code == 503


def test_a_silent_stream_is_kept_alive_and_ends_with_its_record(
    redis: Redis, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "KEEP_ALIVE_SECONDS", 0.1)
    job_id = client.post("/v1/jobs", json=IMAGE).json["id"]
    answer = client.get(f"/v1/jobs/{job_id}/events")
    parts = iter(answer.response)
    assert next(parts).startswith(b"retry: ")
    assert b"event: queued" in next(parts)
    assert next(parts) == b": keep-alive\n\n"
    redis.flushdb()
    assert set(parts) <= {b": keep-alive\n\n"}
    answer.close()


@pytest.mark.parametrize("position", ["x", "-1", "1-", "1-2-3", "9" * 20, ""])
def test_a_position_that_is_none_is_named(client: FlaskClient, position: str) -> None:
    here = f"/v1/jobs/{client.post('/v1/jobs', json=IMAGE).json['id']}/events"
    header = client.get(here, headers={"Last-Event-ID": position})
    query = client.get(here, query_string={"after": position})
    assert (header.status_code, query.status_code) == (422, 422)
    assert header.json["errors"][0]["field"] == "Last-Event-ID"
    assert query.json["errors"][0]["field"] == "after"


def test_an_event_on_the_wire() -> None:
    event = events.Event("5-0", "page", {"text": "one\ntwo"})
    wire = message(event)
    assert wire == b'id: 5-0\nevent: page\ndata: {"text": "one\\ntwo"}\n\n'
