"""POST /v1/jobs: what becomes a job, and what becomes a problem."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from services.contract import keys, queues, tickets, transitions
from services.contract.jobs import Job
from services.gateway.problems import PROBLEMS
from tests.services.contract.making import NOBODY
from tests.services.gateway.conftest import Owner, assert_problem

IMAGE = {"kind": "image", "prompt": "a fox in the snow"}
STORYBOOK = {"kind": "storybook", "prompt": "a fox", "pages": 2, "strategy": "parallel"}


def job_of(redis: Redis, answer: Any) -> Job:
    """The record of the job that an answer names."""
    job = transitions.get(redis, answer.json["id"])
    assert job is not None
    return job


def test_an_accepted_job_has_a_record_a_ticket_and_an_answer(
    client: FlaskClient, redis: Redis
) -> None:
    answer = client.post("/v1/jobs", json=IMAGE | {"seed": 7, "count": 2})
    here = f"/v1/jobs/{answer.json['id']}"
    assert (answer.status_code, answer.headers["Location"]) == (202, here)
    assert answer.json == {
        "id": answer.json["id"],
        "kind": "image",
        "status": "queued",
        "position": 0,
        "eta_seconds": None,
        "urls": {"self": here, "events": f"{here}/events", "cancel": here},
    }
    job = job_of(redis, answer)
    assert (job.request.seed, job.request.count) == (7, 2)
    messages = [m for name in tickets.lists("images") for m in redis.lrange(name, 0, -1)]
    assert [tickets.job_id(message) for message in messages] == [job.id]


def test_a_storybook_waits_among_the_stories(client: FlaskClient, redis: Redis) -> None:
    job = job_of(redis, client.post("/v1/jobs", json=STORYBOOK))
    assert (job.queue, job.request.pages) == ("stories", 2)


def test_position_and_eta_count_what_goes_before(
    client: FlaskClient, redis: Redis, owner: Owner
) -> None:
    owner.finish(owner.claim(client.post("/v1/jobs", json=IMAGE).json["id"]), service_seconds=3.0)
    queues.check_in(redis, "images", "w1")
    queues.check_in(redis, "images", "w2")
    for _ in range(3):
        client.post("/v1/jobs", json=IMAGE)
    behind = client.post("/v1/jobs", json=IMAGE).json
    before = client.post("/v1/jobs", json=IMAGE | {"priority": "high"}).json
    assert (behind["position"], before["position"]) == (3, 0)
    assert behind["eta_seconds"] == pytest.approx(4 * 3.0 / 2)
    assert before["eta_seconds"] == 3.0, "two workers do one job no sooner than one does"


BAD = [
    ({"kind": "image", "prompt": ""}, "prompt"),
    ({"kind": "image", "prompt": " \n\t"}, "prompt"),
    ({"kind": "image"}, "prompt"),
    ({"kind": "image", "prompt": "x" * 2001}, "prompt"),
    ({"kind": "image", "prompt": 7}, "prompt"),
    ({"kind": "poem", "prompt": "x"}, "kind"),
    ({"prompt": "x"}, "kind"),
    (IMAGE | {"steps": -3}, "steps"),
    (IMAGE | {"width": 5000}, "width"),
    (IMAGE | {"height": 65}, "height"),
    (IMAGE | {"count": 0}, "count"),
    (IMAGE | {"count": "2"}, "count"),
    (IMAGE | {"count": True}, "count"),
    (IMAGE | {"seed": -1}, "seed"),
    (IMAGE | {"seed": 2**63}, "seed"),
    (IMAGE | {"guidance_scale": -0.5}, "guidance_scale"),
    (IMAGE | {"negative_prompt": "x" * 2001}, "negative_prompt"),
    (IMAGE | {"priority": "urgent"}, "priority"),
    (IMAGE | {"level": "best"}, "level"),
    (IMAGE | {"deadline_seconds": 0}, "deadline_seconds"),
    (IMAGE | {"pages": 3}, "pages"),
    ({"kind": "story", "prompt": "x", "pages": 0}, "pages"),
    ({"kind": "story", "prompt": "x", "max_tokens": 1}, "max_tokens"),
    (STORYBOOK | {"strategy": "backwards"}, "strategy"),
    (IMAGE | {"strategy": "parallel"}, "strategy"),
    (STORYBOOK | {"start_from": NOBODY}, "start_from"),
    (IMAGE | {"start_from": "the last one"}, "start_from"),
    (IMAGE | {"start_from": NOBODY}, "start_from"),
    (IMAGE | {"strength": 0}, "strength"),
    (IMAGE | {"strength": 1.5}, "strength"),
    ([IMAGE], "body"),
    ("image", "body"),
]


@pytest.mark.parametrize(("body", "field"), BAD, ids=lambda value: str(value)[:40])
def test_bad_input_names_the_field_and_makes_no_job(
    client: FlaskClient, redis: Redis, body: Any, field: str
) -> None:
    answer = client.post("/v1/jobs", json=body)
    assert answer.status_code == 422
    assert_problem(answer, "invalid", field)
    assert redis.zcard(keys.JOBS) == 0


def test_every_wrong_field_is_named_at_once(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs", json=IMAGE | {"width": 3, "colour": "red", "seed": -1})
    assert {error["field"] for error in answer.json["errors"]} == {"width", "colour", "seed"}


RAW = [
    (b'{"kind": "image", "prompt": ', "application/json", "malformed-json", "body"),
    (b"null", "application/json", "invalid", "body"),
    (b"", "application/json", "malformed-json", "body"),
    (b'{"prompt": "\xff"}', "application/json", "malformed-json", "body"),
    (b"[" * 5000, "application/json", "malformed-json", "body"),
    (json.dumps(IMAGE).encode(), "text/plain", "unsupported-media-type", "Content-Type"),
    (json.dumps(IMAGE).encode(), "", "unsupported-media-type", "Content-Type"),
    (b" " * 10_000_000, "application/json", "body-too-large", "body"),
    (b'{"kind":"image","prompt":"x","guidance_scale":NaN}', "application/json", "invalid",
     "guidance_scale"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "media", "slug", "field"),
    RAW,
    ids=["cut", "null", "empty", "not-utf-8", "deep", "plain-text", "no-type", "10-MB", "NaN"],
)
def test_what_is_no_json_object_is_refused(
    client: FlaskClient, redis: Redis, body: bytes, media: str, slug: str, field: str
) -> None:
    answer = client.post("/v1/jobs", data=body, content_type=media)
    assert answer.status_code == PROBLEMS[slug].status
    assert_problem(answer, slug, field)
    assert redis.zcard(keys.JOBS) == 0


def test_a_named_level_of_the_policy_is_taken(client: FlaskClient, redis: Redis) -> None:
    job = job_of(redis, client.post("/v1/jobs", json=IMAGE | {"level": "fast"}))
    assert job.request.level == "fast"


def test_a_picture_may_start_from_one_that_is_finished(
    client: FlaskClient, redis: Redis, owner: Owner
) -> None:
    first = client.post("/v1/jobs", json=IMAGE).json["id"]
    owner.perform(first)
    asked = IMAGE | {"start_from": first, "strength": 0.5}
    job = job_of(redis, client.post("/v1/jobs", json=asked))
    assert (job.request.start_from, job.request.strength) == (first, 0.5)


def _waiting(client: FlaskClient, owner: Owner) -> str:
    return client.post("/v1/jobs", json=IMAGE).json["id"]


def _cancelled(client: FlaskClient, owner: Owner) -> str:
    job_id = _waiting(client, owner)
    client.delete(f"/v1/jobs/{job_id}")
    return job_id


def _book(client: FlaskClient, owner: Owner) -> str:
    job_id = client.post("/v1/jobs", json=STORYBOOK).json["id"]
    owner.perform(job_id)
    return job_id


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda *_: NOBODY, f"no job {NOBODY}"),
        (_waiting, "is queued; it must have succeeded"),
        (_cancelled, "is cancelled; it must have succeeded"),
        (_book, "is a storybook; it must be an image job"),
    ],
    ids=["unknown", "waiting", "cancelled", "storybook"],
)
def test_a_picture_may_start_from_nothing_else(
    client: FlaskClient, redis: Redis, owner: Owner, make: Any, reason: str
) -> None:
    asked = IMAGE | {"start_from": make(client, owner)}
    before = redis.zcard(keys.JOBS)
    answer = client.post("/v1/jobs", json=asked)
    assert answer.status_code == 422
    assert_problem(answer, "invalid", "start_from")
    assert reason in answer.json["detail"]
    assert redis.zcard(keys.JOBS) == before


def test_a_repeated_request_is_the_same_job_though_what_it_started_from_has_expired(
    client: FlaskClient, redis: Redis, owner: Owner
) -> None:
    first = client.post("/v1/jobs", json=IMAGE).json["id"]
    owner.perform(first)
    sent = {"json": IMAGE | {"start_from": first}, "headers": {"Idempotency-Key": "k1"}}
    job_id = client.post("/v1/jobs", **sent).json["id"]
    redis.delete(keys.job(first))
    assert client.post("/v1/jobs", **sent).json["id"] == job_id
