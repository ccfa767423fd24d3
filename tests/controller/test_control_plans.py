"""Controllers that plan, in this process, with a Redis: what becomes of the plan."""

import logging

import pytest
from redis import ConnectionError as NoRedis

from controller.preview import preview
from controller.terms import Terms
from services.contract import forecast, keys, level, rule_override
from services.contract.rule_override import RuleOverride
from services.contract.rules import PolicyRules, Slo
from tests.controller.leaders import MEASURED, for_images, planned, watched
from tests.controller.situations import pin, predicting
from tests.services.contract.making import accept

PLANNED = for_images(predicting("planned"))


def test_a_plan_is_put_in_force_told_and_kept_in_the_stream(redis, lead, caplog):
    caplog.set_level(logging.INFO, "controller.plans")
    leader = lead(policy=PLANNED, measured=MEASURED)
    leader.decide()
    leader.plan()
    assert leader._forecaster.latest["images"] is None
    watched(leader, redis)
    thresholds = planned(leader)
    leader.decide()
    leader.decide()
    leader.learn()

    assert len(thresholds) == 2
    assert forecast.read(redis, "images").thresholds == thresholds
    told = f"levels are left at {thresholds[0]}, {thresholds[1]}"
    assert told in caplog.text
    entries = [entry for entry in level.decisions(redis, 9) if entry["queue"] == "images"]
    assert [told in entry["reason"] for entry in entries] == [True, False, False]
    assert entries[0]["reason"].startswith("depth 0 fell to ")
    assert entries[2]["reason"] == "nothing is planned yet"
    assert [entry["level"] for entry in entries] == ["best", "best", "good"]


def test_a_plan_is_told_even_if_the_first_try_to_tell_it_fails(redis, lead, monkeypatch):
    leader = lead(policy=PLANNED, measured=MEASURED)
    leader.decide()
    watched(leader, redis)
    planned(leader)
    leader.decide()
    with monkeypatch.context() as outage:
        outage.setattr(level, "publish", _fail)
        with pytest.raises(NoRedis):
            leader.decide()
    leader.decide()
    assert "; planned anew for " in level.read(redis, "images").reason


def _fail(*_given, **_options):
    raise NoRedis


def test_a_plan_does_not_hide_that_a_persons_rules_are_ignored(redis, lead):
    leader = lead(policy=PLANNED, measured=MEASURED)
    rules = PolicyRules(kind="fixed", level="gone")
    override = RuleOverride(rules=rules, by="ada", reason="a study", until=2e9)
    rule_override.put(redis, "images", override, seconds=60)
    leader.decide()
    watched(leader, redis)
    planned(leader)
    for _ in range(2):
        leader.decide()
    told = level.read(redis, "images")
    assert "; planned anew for " in told.reason
    why = "rules.level must be one of best, good, fair"
    assert rule_override.said_ignored(told.reason, override) == why
    for _ in range(2):
        leader.decide()
    assert level.read(redis, "images").version == told.version, "nothing new is told"


def test_a_plan_does_not_hide_a_pin(redis, lead):
    leader = lead(policy=PLANNED, measured=MEASURED)
    level.pin(redis, "images", pin("good"), seconds=60)
    leader.decide()
    watched(leader, redis)
    planned(leader)
    leader.decide()
    assert level.read(redis, "images").reason == "pinned by ada: a demonstration"


def test_a_successor_begins_with_the_thresholds_in_force(redis, lead):
    first = lead("a", PLANNED, MEASURED)
    watched(first, redis)
    thresholds = planned(first)
    first.learn()
    first.step_down()
    second = lead("b", PLANNED, MEASURED)
    second.learn()
    assert second._forecaster.latest["images"].thresholds == thresholds
    second.step_down()
    other = predicting("planned", slo=Slo(seconds=11))
    third = lead("b", for_images(other), MEASURED)
    third.learn()
    assert third._forecaster.latest["images"].thresholds == ()
    redis.set(keys.forecast("images"), "{}")
    third.step_down()
    assert lead("c", PLANNED, MEASURED).leads


def test_without_a_leader_a_dry_run_plans_once_and_so_does_who_decides_once(redis, lead, settings):
    """For the arrivals of the last minute: 60 or so, a burst that the best level cannot serve."""
    for _ in range(60):
        accept(redis)
    shown = preview(redis, Terms("dry", PLANNED, settings, MEASURED))["queues"]["images"]
    assert len(shown["forecast"]["thresholds"]) == 2
    assert shown["would_be"] == "fair"

    leader = lead(policy=PLANNED, measured=MEASURED)
    leader.learn()
    leader.plan_once()
    leader.decide()
    found = level.read(redis, "images")
    assert (found.level.name, found.reason) == ("fair", shown["reason"])
    assert leader._forecaster.latest["images"].thresholds == tuple(shown["forecast"]["thresholds"])


def test_a_dry_run_beside_a_leader_tells_its_arrivals_and_its_plan(redis, lead, settings):
    leader = lead(policy=PLANNED, measured=MEASURED)
    watched(leader, redis)
    thresholds = planned(leader)
    leader.learn()
    found = preview(redis, Terms("dry", PLANNED, settings, MEASURED))["queues"]["images"]
    assert found["forecast"]["thresholds"] == list(thresholds)
    assert found["forecast"]["arrivals"]["error"] > 0
