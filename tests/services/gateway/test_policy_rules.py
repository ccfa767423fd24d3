"""PUT /v1/policy with rules: they replace policy.toml's until they end, or somebody lets go."""

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from redis import Redis

from services.contract import keys, rule_override
from services.contract import level as levels
from services.contract import policy as policies
from services.contract.jobs import Queue
from services.contract.level import Choice
from services.contract.rules import PolicyRules
from tests.conftest import ROOT

POLICY = policies.load(ROOT / "policy.toml")
THRESHOLDS = {"kind": "threshold", "thresholds": [2, 5], "climb": [0, 3], "dwell_seconds": 1.0}
SLO = {"kind": "slo", "slo": {"seconds": 10}}


def queue(answer: Any, name: Queue) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    return answer.json["queues"][name]


def test_rules_hold_and_let_go(client: FlaskClient, redis: Redis) -> None:
    body = {"rules": THRESHOLDS, "for_seconds": 60, "by": "ada", "reason": "a study"}
    shown = queue(client.put("/v1/policy", json=body), "images")
    assert (shown["rules"]["thresholds"], shown["rules"]["climb"]) == ([2, 5], [0, 3])
    assert (shown["override"]["by"], shown["override"]["reason"]) == ("ada", "a study")
    assert queue(client.get("/v1/policy"), "stories")["rules"] == shown["rules"]
    held = rule_override.read(redis, "images")
    assert held.rules.thresholds == (2, 5)
    assert 55_000 < redis.pttl(keys.rule_override("images")) <= 60_000

    back = queue(client.put("/v1/policy", json={"level": "auto"}), "images")
    assert (back["rules"]["thresholds"], back["override"]) == (list(POLICY.rules.thresholds), None)
    assert rule_override.read(redis, "images") is None


def decided(redis: Redis, reason: str) -> None:
    """A controller's decision for the images, with this reason."""
    choice = Choice(0, POLICY.levels[0], reason, {})
    levels.publish(redis, levels.lead(redis, "c1"), "images", choice, lease=60)


def test_rules_that_the_controller_ignores_are_told_of_with_the_reason(
    client: FlaskClient, redis: Redis
) -> None:
    body = {"rules": THRESHOLDS, "by": "ada", "reason": "a study (short)"}
    shown = queue(client.put("/v1/policy", json=body), "images")
    assert shown["override"]["ignored"] is None

    why = "the profile has no images cost of the level 'fast' (yet)"
    decided(redis, f"depth 0 is below 6; ignored: rules by ada: a study (short) ({why})")
    shown = queue(client.get("/v1/policy"), "images")
    assert (shown["override"]["by"], shown["override"]["ignored"]) == ("ada", why)
    assert shown["rules"]["thresholds"] == list(POLICY.rules.thresholds)
    assert queue(client.get("/v1/policy"), "stories")["rules"]["thresholds"] == [2, 5]

    decided(redis, "depth 2 reached 2 (rules by ada: a study (short))")
    shown = queue(client.get("/v1/policy"), "images")
    assert (shown["override"]["ignored"], shown["rules"]["thresholds"]) == (None, [2, 5])


def test_rules_for_another_ladder_are_ignored_here_too(client: FlaskClient, redis: Redis) -> None:
    rules = PolicyRules.model_validate({"kind": "fixed", "level": "best"})
    held = rule_override.RuleOverride(rules=rules, by="ada", reason="", until=2e9)
    rule_override.put(redis, "images", held, seconds=60)
    shown = queue(client.get("/v1/policy"), "images")
    assert "must be one of quality, balanced, fast" in shown["override"]["ignored"]
    assert shown["rules"]["kind"] == "threshold"


def test_one_queue_may_have_rules_of_its_own(client: FlaskClient) -> None:
    body = {"rules": {"kind": "fixed", "level": "fast"}, "queue": "stories"}
    answer = client.put("/v1/policy", json=body)
    assert queue(answer, "stories")["rules"]["kind"] == "fixed"
    assert queue(answer, "images")["override"] is None


def test_without_a_profile_no_kind_predicts(client: FlaskClient) -> None:
    assert client.get("/v1/policy").json["kinds"] == ["threshold", "fixed", "table"]


def test_a_pin_and_rules_hold_together_and_go_together(client: FlaskClient, redis: Redis) -> None:
    client.put("/v1/policy", json={"rules": THRESHOLDS})
    shown = queue(client.put("/v1/policy", json={"level": "fast"}), "images")
    assert (shown["pin"]["level"], shown["rules"]["thresholds"]) == ("fast", [2, 5])
    shown = queue(client.put("/v1/policy", json={"level": "auto"}), "images")
    assert (shown["pin"], shown["override"]) == (None, None)
    assert levels.pinned(redis, "images") is None


def test_rules_end_by_themselves(client: FlaskClient, redis: Redis) -> None:
    client.put("/v1/policy", json={"rules": THRESHOLDS})
    redis.delete(keys.rule_override("images"))
    assert queue(client.get("/v1/policy"), "images")["rules"]["thresholds"] == [6, 12]


def test_rules_that_predict_go_with_a_profile(make_app, redis: Redis, tmp_path: Path) -> None:
    path = tmp_path / "policy.toml"
    path.write_text('profile = "profile.json"\n' + (ROOT / "policy.toml").read_text())
    client = make_app(POLICY=str(path)).test_client()
    assert set(client.get("/v1/policy").json["kinds"]) > {"slo", "planned", "fixed"}
    assert queue(client.put("/v1/policy", json={"rules": SLO}), "images")["rules"]["kind"] == "slo"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"rules": THRESHOLDS, "level": "fast"}, "rules"),
        ({"rules": None}, "rules"),
        ({"rules": {"kind": "hope"}}, "rules.kind"),
        ({"rules": {"kind": "fixed", "level": "best"}}, "rules.level"),
        ({"rules": {"kind": "fixed"}}, "rules.level"),
        ({"rules": {"thresholds": [3]}}, "rules.thresholds"),
        ({"rules": {"thresholds": [5, 2]}}, "rules.thresholds"),
        ({"rules": {"thresholds": [2, "5"]}}, "rules.thresholds.1"),
        ({"rules": {"thresholds": [2, 5], "climb": [2, 3]}}, "rules.climb"),
        ({"rules": {"thresholds": [2, 5], "hysteresis": 3}}, "rules.hysteresis"),
        ({"rules": {"kind": "table", "table": [[0]]}}, "rules.table"),
        ({"rules": {"kind": "slo"}}, "rules.slo"),
        ({"rules": SLO}, "rules.kind"),
        ({"rules": THRESHOLDS | {"capacity": 3}}, "rules.capacity"),
        ({"rules": THRESHOLDS, "for_seconds": 0}, "for_seconds"),
    ],
)
def test_rules_that_cannot_hold_name_the_field(
    client: FlaskClient, redis: Redis, body: dict[str, Any], field: str
) -> None:
    answer = client.put("/v1/policy", json=body)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json["errors"]] == [field]
    assert rule_override.read(redis, "images") is None
