"""Deadlines and capacities at the door: what is refused, and when to come back."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from redis import Redis

from services.contract import forecast as forecasts
from services.contract import keys, rule_override, transitions
from services.contract import level as levels
from services.contract.level import Pin
from services.contract.rule_override import RuleOverride
from services.contract.rules import PolicyRules
from tests.conftest import ROOT
from tests.services.gateway.conftest import assert_problem, publish
from tests.services.gateway.expecting import forecast

IMAGE = {"kind": "image", "prompt": "a fox"}
BOOK = {"kind": "storybook", "prompt": "a fox", "pages": 4, "strategy": "parallel"}


@pytest.fixture
def ten(client: FlaskClient, redis: Redis) -> FlaskClient:
    """A gateway with ten images waiting, which take 10 s each at quality, 4 and 1 s below.

    Quality is in force.
    """
    forecasts.put(redis, "images", forecast(10.0, 4.0, 1.0, arrivals=0.5))
    publish(redis, "images", 0)
    for _ in range(10):
        client.post("/v1/jobs", json=IMAGE)
    return client


def governed(make_app: Callable[..., Flask], folder: Path, rules: str) -> FlaskClient:
    """A gateway whose policy has this line instead of its kind of rules."""
    policy = folder / "policy.toml"
    shipped = (ROOT / "policy.toml").read_text()
    policy.write_text(re.sub('kind = "threshold"', rules, shipped, count=1))
    return make_app(POLICY=str(policy)).test_client()


def status(client: FlaskClient, seconds: float, **options: str) -> int:
    """What a job with this deadline is answered."""
    return client.post("/v1/jobs", json=IMAGE | options | {"deadline_seconds": seconds}).status_code


def test_a_deadline_that_a_cheaper_level_could_meet_is_let_in(ten: FlaskClient) -> None:
    job = ten.post("/v1/jobs", json=IMAGE | {"deadline_seconds": 30})
    assert job.status_code == 202
    assert job.json["eta_seconds"] == pytest.approx(11 * 10.0), "told honestly all the same"


def test_one_that_no_level_could_meet_is_refused(ten: FlaskClient, redis: Redis) -> None:
    """Of eleven exponential services of 1 s, one in ten ends before 7.0 s (Erlang)."""
    refused = ten.post("/v1/jobs", json=IMAGE | {"deadline_seconds": 5})
    assert (refused.status_code, refused.json["type"]) == (429, "/docs#deadline-unreachable")
    assert "7.0 s at best" in refused.json["detail"]
    assert refused.headers["Retry-After"] == "5", "2.02 s too long, half of which arrives anew"
    assert redis.zcard(keys.JOBS) == 10
    assert status(ten, 7.1) == 202


def test_a_level_of_its_own_is_that_of_its_own_work_alone(ten: FlaskClient) -> None:
    """Those ahead may still be done at the fastest: 10 s + 10 s at quality, 10 s + 1 s at fast."""
    assert status(ten, 7.1, level="quality") == 429
    assert status(ten, 7.1, level="fast") == 202
    assert status(ten, 30, level="quality") == 202


def test_while_a_level_is_pinned_it_is_the_only_one(ten: FlaskClient, redis: Redis) -> None:
    levels.pin(redis, "images", Pin("quality", "ada", "a show", 2e9), seconds=60)
    assert status(ten, 30) == 429
    levels.unpin(redis, "images")
    assert status(ten, 30) == 202


def test_a_fixed_policy_goes_to_no_other_level(
    ten: FlaskClient, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    fixed = governed(make_app, tmp_path, 'kind = "fixed"\nlevel = "balanced"')
    assert status(fixed, 15) == 429
    assert status(fixed, 50) == 202


def test_a_job_goes_by_its_own_priority(ten: FlaskClient) -> None:
    assert status(ten, 2, priority="normal") == 429
    assert status(ten, 2, priority="high") == 202


def test_while_a_person_fixes_a_level_no_other_counts(ten: FlaskClient, redis: Redis) -> None:
    rules = PolicyRules(kind="fixed", level="quality")
    held = RuleOverride(rules=rules, by="ada", reason="a show", until=2e9)
    rule_override.put(redis, "images", held, seconds=60)
    assert status(ten, 30) == 429
    rule_override.withdraw(redis, "images")
    assert status(ten, 30) == 202


def test_no_retry_is_proposed_where_none_helps(ten: FlaskClient, redis: Redis) -> None:
    """Of one exponential service of 1 s, one in ten ends before 0.105 s."""
    never = ten.post("/v1/jobs", json=IMAGE | {"deadline_seconds": 0.05})
    assert (never.status_code, never.headers.get("Retry-After")) == (422, None)
    later = ten.post("/v1/jobs", json=IMAGE | {"deadline_seconds": 0.5})
    assert (later.status_code, "Retry-After" in later.headers) == (429, True)
    assert redis.zcard(keys.JOBS) == 10


def test_a_deadline_too_short_for_an_empty_queue_is_refused(
    client: FlaskClient, redis: Redis
) -> None:
    forecasts.put(redis, "images", forecast(10.0, 4.0, 1.0))
    refused = client.post("/v1/jobs", json=IMAGE | {"deadline_seconds": 0.01})
    assert (refused.status_code, refused.headers.get("Retry-After")) == (422, None)
    assert_problem(refused, "invalid", "deadline_seconds")
    assert "allow more" in refused.json["detail"]


def test_a_book_needs_both_queues(ten: FlaskClient, redis: Redis) -> None:
    forecasts.put(redis, "stories", forecast(20.0, 20.0, 20.0, scv=0.0))
    short = ten.post("/v1/jobs", json=BOOK | {"deadline_seconds": 25})
    assert (short.status_code, short.json["type"]) == (429, "/docs#deadline-unreachable")
    assert ten.post("/v1/jobs", json=BOOK | {"deadline_seconds": 40}).status_code == 202


def test_what_was_told_is_kept_with_the_job(ten: FlaskClient, redis: Redis) -> None:
    told = ten.post("/v1/jobs", json=IMAGE | {"count": 2}).json
    kept = transitions.get(redis, told["id"]).predicted_seconds
    assert kept == pytest.approx(told["eta_seconds"]) == pytest.approx(12 * 10.0)


def test_a_policy_may_limit_one_queue(
    redis: Redis, make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    client = governed(make_app, tmp_path, "capacity = 2")
    forecasts.put(redis, "images", forecast(6.5))
    for _ in range(2):
        client.post("/v1/jobs", json=IMAGE)
    full = client.post("/v1/jobs", json=IMAGE)
    assert (full.status_code, full.json["type"]) == (429, "/docs#queue-full")
    assert full.headers["Retry-After"] == "7"
    assert "the queue images" in full.json["detail"]
    assert client.post("/v1/jobs", json={"kind": "story", "prompt": "x"}).status_code == 202
    assert redis.zcard(keys.JOBS) == 3
