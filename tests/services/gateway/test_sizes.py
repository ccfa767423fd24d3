"""A size that no image worker's model can draw is refused at the door."""

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from flask.testing import FlaskClient
from redis import Redis

from services.contract import keys, queues, sizes
from services.contract.sizes import Sizes
from services.gateway import paper
from tests.services.gateway.conftest import assert_problem

IMAGE = {"kind": "image", "prompt": "a fox in the snow"}
BOOK = {"kind": "storybook", "prompt": "a fox"}


@pytest.fixture(autouse=True)
def asked_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is remembered."""
    monkeypatch.setattr(paper, "FRESH_SECONDS", 0.0)


def open_worker(redis: Redis, name: str, **drawn: int) -> None:
    sizes.announce(redis, name, Sizes.model_validate({"minimum": 16} | drawn))
    queues.check_in(redis, "images", name)


@pytest.mark.parametrize("body", [IMAGE, BOOK], ids=["image", "storybook"])
@pytest.mark.parametrize("side", ["width", "height"])
def test_what_the_workers_cannot_draw_names_the_field_and_what_is_allowed(
    client: FlaskClient, redis: Redis, body: dict[str, str], side: str
) -> None:
    open_worker(redis, "w1", multiple=16)
    answer = client.post("/v1/jobs", json=body | {side: 136})
    assert answer.status_code == 422
    assert_problem(answer, "invalid", side)
    assert "multiple of 16 from 16 to 2048" in answer.json["detail"]
    assert redis.zcard(keys.JOBS) == 0
    assert client.post("/v1/jobs", json=body | {side: 144}).status_code == 202


def test_every_worker_must_be_able_to_draw_it(client: FlaskClient, redis: Redis) -> None:
    open_worker(redis, "w1", multiple=16)
    assert client.post("/v1/jobs", json=IMAGE | {"width": 16}).status_code == 202
    open_worker(redis, "w2", multiple=8, minimum=64, maximum=512)
    for width, status in ((16, 422), (64, 202), (72, 422), (512, 202), (528, 422)):
        answer = client.post("/v1/jobs", json=IMAGE | {"width": width})
        assert answer.status_code == status, width


def test_without_a_worker_the_schema_decides(client: FlaskClient) -> None:
    assert client.post("/v1/jobs", json=IMAGE | {"width": 136}).status_code == 202


def test_a_repeated_request_is_the_same_job_whatever_the_workers_draw_now(
    client: FlaskClient, redis: Redis
) -> None:
    sent = {"json": IMAGE | {"width": 136}, "headers": {"Idempotency-Key": "k1"}}
    job_id = client.post("/v1/jobs", **sent).json["id"]
    open_worker(redis, "w1", multiple=16)
    assert client.post("/v1/jobs", **sent).json["id"] == job_id


def test_nobody_waits_for_an_answer_that_another_waits_for(
    redis: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow, asked, known = Event(), Event(), sizes.known

    def answer(redis: Redis) -> Sizes | None:
        if not asked.is_set():
            asked.set()
            assert slow.wait(10), "the second answer came first"
        return known(redis)

    monkeypatch.setattr(sizes, "known", answer)
    shared = paper.Paper(redis)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(shared.sizes)
        assert asked.wait(10)
        assert shared.sizes() is None
        slow.set()
        assert first.result(10) is None


def test_workers_are_asked_once_a_second(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [100.0]
    monkeypatch.setattr(paper, "FRESH_SECONDS", 1.0)
    asked = paper.Paper(redis, lambda: clock[0])
    assert asked.sizes() is None
    open_worker(redis, "w1", multiple=16)
    clock[0] = 100.9
    assert asked.sizes() is None
    clock[0] = 101.0
    assert asked.sizes() == Sizes(multiple=16, minimum=16)
