"""/v1/queue and /v1/policy: the load, and the level that follows it."""

from datetime import datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from services.contract import level as levels
from services.contract import queues
from tests.services.gateway.conftest import POLICY, Owner, publish

IMAGE = {"kind": "image", "prompt": "a fox"}


def test_an_idle_queue_before_any_controller(client: FlaskClient, redis: Redis) -> None:
    queue = client.get("/v1/queue").json
    assert queue["depth"] == 0
    assert queue["waiting"] == {"stories": 0, "images": 0}
    assert queue["running"] == {"stories": 0, "images": 0}
    assert (queue["level"], queue["pinned"]) == (None, False)
    assert (queue["predicted_wait_seconds"], queue["arrival_rate"]) == (0.0, 0.0)


def test_a_busy_queue(client: FlaskClient, redis: Redis, owner: Owner) -> None:
    ids = [client.post("/v1/jobs", json=IMAGE).json["id"] for _ in range(4)]
    owner.finish(owner.claim(ids[0]), service_seconds=3.0)
    owner.claim(ids[1])
    client.post("/v1/jobs", json={"kind": "story", "prompt": "x"})
    publish(redis, "images", 1)
    publish(redis, "stories", 2)
    queue = client.get("/v1/queue").json
    assert queue["depth"] == 4
    assert queue["waiting"] == {"stories": 1, "images": 2}
    assert queue["running"] == {"stories": 0, "images": 1}
    assert queue["oldest_age_seconds"] > 0
    assert queue["arrival_rate"] == pytest.approx(5 / 60)
    level = queue["level"]
    assert (level["index"], level["name"]) == (1, "balanced")
    assert level["reason"] == "depth 7 reached 6"
    assert datetime.fromisoformat(level["since"]).tzinfo is not None
    assert queue["queues"]["images"]["level"] == level
    assert queue["queues"]["stories"]["level"]["name"] == "fast"
    assert queue["queues"]["images"]["predicted_wait_seconds"] == pytest.approx(3 * 3.0)
    assert queue["predicted_wait_seconds"] is None, "no story was measured yet"


def test_after_the_lease_the_fallback_is_told(client: FlaskClient, redis: Redis) -> None:
    publish(redis, "images", 2, lease=-1.0)
    level = client.get("/v1/queue").json["level"]
    assert level["name"] == "balanced"
    assert "STORYTELLER_FALLBACK_LEVEL" in level["reason"]
    images = client.get("/v1/policy").json["queues"]["images"]
    assert (images["state"]["level"], images["state"]["lease_holds"]) == ("fast", False)


def test_the_policy_tells_its_ladder_and_history(client: FlaskClient, redis: Redis) -> None:
    publish(redis, "images", 0)
    publish(redis, "images", 2)
    levels.acknowledge(redis, "w1", 2)
    policy = client.get("/v1/policy").json
    assert [level["name"] for level in policy["ladder"]] == ["quality", "balanced", "fast"]
    images = policy["queues"]["images"]
    assert images["rules"]["thresholds"] == list(POLICY.rules.thresholds)
    assert (images["state"]["level"], images["state"]["version"]) == ("fast", 2)
    assert images["state"]["lease_holds"] is True
    assert (images["pin"], policy["queues"]["stories"]["state"]) == (None, None)
    assert [decision["level"] for decision in policy["decisions"]] == ["fast", "quality"]
    assert policy["decisions"][0]["load"] == {"depth": 7}
    assert {decision["queue"] for decision in policy["decisions"]} == {"images"}
    assert policy["applied"] == {"w1": 2}


def test_a_pin_holds_and_lets_go(client: FlaskClient, redis: Redis) -> None:
    body = {"level": "fast", "for_seconds": 60, "by": "ada", "reason": "an open day"}
    answer = client.put("/v1/policy", json=body)
    assert answer.status_code == 200
    shown = answer.json["queues"]["images"]["pin"]
    assert (shown["level"], shown["by"]) == ("fast", "ada")
    assert answer.json["queues"]["stories"]["pin"] == shown
    assert client.get("/v1/queue").json["pinned"] is True
    held = levels.pinned(redis, "images")
    assert (held.level, held.reason) == ("fast", "an open day")
    assert held.until == pytest.approx(queues.load(redis).now + 60, abs=5)
    released = client.put("/v1/policy", json={"level": "auto"})
    assert (released.status_code, released.json["queues"]["images"]["pin"]) == (200, None)
    assert levels.pinned(redis, "images") is None


def test_one_queue_may_be_pinned_alone(client: FlaskClient, redis: Redis) -> None:
    answer = client.put("/v1/policy", json={"level": "fast", "queue": "stories"}).json
    assert answer["queues"]["stories"]["pin"]["level"] == "fast"
    assert answer["queues"]["images"]["pin"] is None
    queue = client.get("/v1/queue").json
    assert [queue["queues"][name]["pinned"] for name in ("stories", "images")] == [True, False]
    assert queue["pinned"] is True
    client.put("/v1/policy", json={"level": "auto", "queue": "images"})
    assert levels.pinned(redis, "stories") is not None


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"level": "best"}, "level"),
        ({"level": "fast", "queue": "books"}, "queue"),
        ({}, "level"),
        ({"level": "fast", "for_seconds": 0}, "for_seconds"),
        ({"level": "fast", "for_seconds": 86401}, "for_seconds"),
        ({"level": "fast", "for_seconds": "60"}, "for_seconds"),
        ({"level": "fast", "by": "x" * 201}, "by"),
        ({"level": "fast", "until": 5}, "until"),
    ],
)
def test_a_bad_pin_names_the_field(
    client: FlaskClient, redis: Redis, body: dict[str, Any], field: str
) -> None:
    answer = client.put("/v1/policy", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert levels.pinned(redis, "images") is None


def test_ready_once_workers_and_a_controller_are_there(client: FlaskClient, redis: Redis) -> None:
    assert client.get("/livez").json == {"status": "alive"}
    before = client.get("/readyz")
    assert (before.status_code, before.json["type"]) == (503, "/docs#not-ready")
    named = [error["field"] for error in before.json["errors"]]
    assert named == ["workers.stories", "workers.images", "controller"]
    queues.check_in(redis, "stories", "s1")
    queues.check_in(redis, "images", "i1")
    publish(redis, "stories", 0)
    assert [error["field"] for error in client.get("/readyz").json["errors"]] == ["controller"]
    publish(redis, "images", 0)
    assert client.get("/readyz").json == {"status": "ready"}
    queues.check_out(redis, "images", "i1")
    assert [error["field"] for error in client.get("/readyz").json["errors"]] == ["workers.images"]


def test_metrics_tell_the_queue_and_the_traffic(
    client: FlaskClient, redis: Redis, owner: Owner
) -> None:
    owner.perform(client.post("/v1/jobs", json=IMAGE).json["id"])
    client.post("/v1/jobs", json=IMAGE)
    client.get(f"/v1/jobs/{'0' * 32}")
    publish(redis, "images", 1)
    lines = client.get("/metrics").text.splitlines()
    for expected in (
        "storyteller_redis_up 1.0",
        "storyteller_depth 1.0",
        'storyteller_jobs_waiting{queue="images"} 1.0',
        'storyteller_jobs_running{queue="images"} 0.0',
        'storyteller_service_seconds_mean{queue="images"} 2.0',
        'storyteller_level_index{queue="images"} 1.0',
        'storyteller_jobs_finished_total{kind="image",status="succeeded"} 1.0',
        'storyteller_http_requests_total{method="POST",route="/v1/jobs",status="202"} 2.0',
        'storyteller_http_requests_total{method="GET",route="/v1/jobs/<job_id>",status="404"} 1.0',
    ):
        assert expected in lines
