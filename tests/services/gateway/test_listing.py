"""GET /v1/jobs: pages, filters and cursors."""

import pytest
from flask.testing import FlaskClient
from redis import Redis

from services.contract import keys
from services.gateway import listing
from services.gateway.listing import Entry
from tests.services.gateway.conftest import Owner


def submit(client: FlaskClient, kind: str = "image") -> str:
    """The id of a new job."""
    return client.post("/v1/jobs", json={"kind": kind, "prompt": "a fox"}).json["id"]


def pages(client: FlaskClient, query: str) -> list[list[str]]:
    """The ids of page after page, until there is no next."""
    found, cursor = [], ""
    while cursor is not None:
        page = client.get(f"/v1/jobs?{query}" + (f"&cursor={cursor}" if cursor else "")).json
        found.append([job["id"] for job in page["jobs"]])
        cursor = page["next"]
    return found


def test_pages_go_from_the_newest_to_the_oldest(client: FlaskClient) -> None:
    ids = [submit(client) for _ in range(5)][::-1]
    assert pages(client, "limit=2") == [ids[:2], ids[2:4], ids[4:]]
    assert pages(client, "limit=5") == [ids]


def test_a_page_is_stable_while_jobs_arrive(client: FlaskClient) -> None:
    old = [submit(client) for _ in range(4)][::-1]
    first = client.get("/v1/jobs?limit=2").json
    submit(client)
    second = client.get(f"/v1/jobs?limit=2&cursor={first['next']}").json
    assert [job["id"] for job in second["jobs"]] == old[2:]


def test_filters_narrow_the_list(client: FlaskClient, owner: Owner) -> None:
    image, story = submit(client), submit(client, "story")
    owner.perform(story)
    assert pages(client, "kind=image") == [[image]]
    assert pages(client, "status=succeeded") == [[story]]
    assert pages(client, "status=queued&kind=story") == [[]]


def test_a_record_that_expired_leaves_no_hole(client: FlaskClient, redis: Redis) -> None:
    first, lost, last = submit(client), submit(client), submit(client)
    redis.delete(keys.job(lost))
    assert pages(client, "limit=2") == [[last, first]]


def test_a_scan_is_bounded(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "SCANNED", 3)
    monkeypatch.setattr(listing, "BATCH", 2)
    story = submit(client, "story")
    for _ in range(5):
        submit(client)
    assert pages(client, "kind=story") == [[], [story]]


def test_jobs_of_one_moment_are_all_listed(redis: Redis) -> None:
    ids = [f"{number:032x}" for number in range(4)]
    redis.zadd(keys.JOBS, dict.fromkeys(ids, 1700000000.123456))
    place, seen = None, []
    while batch := listing._entries(redis, place):
        place = batch[0]
        seen.append(place.job_id)
    assert seen == ids[::-1]


def test_a_cursor_survives_the_round_trip() -> None:
    entry = Entry(1700000000.123456, "0" * 32)
    assert listing.decode(listing.encode(entry)) == entry


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=many", "limit"),
        ("status=done", "status"),
        ("kind=poem", "kind"),
        ("cursor=abc", "cursor"),
        ("cursor=%C3%BC", "cursor"),
        ("colour=red", "colour"),
        ("limit=1&limit=2", "limit"),
    ],
)
def test_a_bad_query_names_the_parameter(client: FlaskClient, query: str, field: str) -> None:
    answer = client.get(f"/v1/jobs?{query}")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
