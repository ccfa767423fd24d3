"""POST /v1/jobs: full queues, deadlines, repeated requests, waiting, and outages."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from services.contract import keys, transitions
from services.contract.settings import load
from services.gateway import create_app
from services.gateway.publishing import TicketOffice
from tests.services.gateway.conftest import Owner, assert_problem, close, environment
from tests.waiting import wait_until

IMAGE = {"kind": "image", "prompt": "a fox in the snow"}


def test_a_full_queue_says_when_to_come_back(
    redis: Redis, make_app: Callable[..., Flask], owner: Owner
) -> None:
    client = make_app(QUEUE_CAPACITY="1").test_client()
    owner.finish(owner.claim(client.post("/v1/jobs", json=IMAGE).json["id"]), service_seconds=6.5)
    client.post("/v1/jobs", json=IMAGE)
    answer = client.post("/v1/jobs", json=IMAGE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert answer.json["type"] == "/docs#queue-full"
    assert redis.zcard(keys.JOBS) == 2


def test_a_deadline_out_of_reach_is_refused(
    client: FlaskClient, redis: Redis, owner: Owner
) -> None:
    owner.finish(owner.claim(client.post("/v1/jobs", json=IMAGE).json["id"]), service_seconds=10.0)
    client.post("/v1/jobs", json=IMAGE)
    answer = client.post("/v1/jobs", json=IMAGE | {"deadline_seconds": 15})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "5")
    assert answer.json["type"] == "/docs#deadline-unreachable"
    assert redis.zcard(keys.JOBS) == 2
    assert client.post("/v1/jobs", json=IMAGE | {"deadline_seconds": 25}).status_code == 202


def test_an_idempotency_key_makes_one_job(client: FlaskClient, redis: Redis, owner: Owner) -> None:
    headers = {"Idempotency-Key": "order-17"}
    first = client.post("/v1/jobs", json=IMAGE, headers=headers)
    again = client.post("/v1/jobs", json=IMAGE, headers=headers)
    assert (again.status_code, again.json["id"]) == (202, first.json["id"])
    owner.perform(first.json["id"])
    finished = client.post("/v1/jobs", json=IMAGE, headers=headers)
    assert (finished.status_code, finished.json["status"]) == (200, "succeeded")
    assert redis.zcard(keys.JOBS) == 1


def test_an_idempotency_key_is_not_for_another_request(client: FlaskClient) -> None:
    headers = {"Idempotency-Key": "order-17"}
    client.post("/v1/jobs", json=IMAGE, headers=headers)
    answer = client.post("/v1/jobs", json=IMAGE | {"seed": 1}, headers=headers)
    assert answer.status_code == 422
    assert_problem(answer, "idempotency-key-reused", "Idempotency-Key")


@pytest.mark.parametrize("key", ["", "x" * 201, "über"])
def test_a_key_that_is_none_is_named(client: FlaskClient, key: str) -> None:
    answer = client.post("/v1/jobs", json=IMAGE, headers={"Idempotency-Key": key})
    assert_problem(answer, "invalid", "Idempotency-Key")


def test_a_client_may_wait_for_the_finished_job(
    client: FlaskClient, redis: Redis, owner: Owner
) -> None:
    def work() -> None:
        owner.perform(wait_until(lambda: redis.zrange(keys.JOBS, 0, -1), "a job")[0])

    worker = threading.Thread(target=work)
    worker.start()
    answer = client.post("/v1/jobs", json=IMAGE, headers={"Prefer": "respond-async, wait=20"})
    worker.join()
    assert answer.status_code == 200
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert (answer.json["status"], answer.json["result"]) == ("succeeded", {"seed": 7})


def test_waiting_ends_with_the_job_unfinished(client: FlaskClient) -> None:
    answer = client.post("/v1/jobs", json=IMAGE, headers={"Prefer": "wait=1"})
    assert (answer.status_code, answer.json["status"]) == (202, "queued")


def test_a_broker_that_refuses_tickets_loses_no_job(
    redis: Redis, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = TicketOffice("redis://127.0.0.1:1/0")
    settings = app.extensions["storyteller"].settings
    other = create_app(settings, publisher=nobody)
    answer = other.test_client().post("/v1/jobs", json=IMAGE)
    close(other)
    assert answer.status_code == 202
    assert transitions.get(redis, answer.json["id"]).status == "queued"
    (warning,) = [line for line in caplog.records if "ticket not published" in line.message]
    assert warning.job == answer.json["id"]


def test_without_redis_every_call_says_so(tmp_path: Path) -> None:
    app = create_app(load(environment("redis://127.0.0.1:1/0", tmp_path)))
    client = app.test_client()
    for answer in (client.post("/v1/jobs", json=IMAGE), client.get("/v1/queue")):
        assert (answer.status_code, answer.json["type"]) == (503, "/docs#unavailable")
        assert int(answer.headers["Retry-After"]) > 0
    assert client.get("/livez").status_code == 200
    close(app)
