"""Controllers that learn, predict and plan, in this process, with a Redis."""

import logging
from dataclasses import replace

import pytest
from redis import Redis

from controller.control import Controller, Terms
from controller.observe import observe
from controller.preview import preview, sentence
from services.contract import forecast, keys, level, transitions
from services.contract.forecast import FORECAST_SECONDS
from services.contract.jobs import Status
from services.contract.policy import Policy
from services.contract.profile import ProfileError
from services.contract.transitions import Outcome, Service
from tests.controller.situations import ladder, pin, predicting, profile
from tests.controller.situations import level as rung
from tests.services.contract.making import RETENTION, accept, running
from tests.waiting import wait_until

LADDER = ladder(2, 4, hysteresis=1, dwell=0)
MEASURED = profile(8, 2, 1)


@pytest.fixture
def make(redis, reconciler, settings):
    """Makes a controller that leads."""

    def one(name="a", policy=LADDER, measured=None):
        made = Controller(redis, reconciler, Terms(name, policy, settings, measured))
        made.stand()
        return made

    return one


def _done(redis: Redis, name: str, seconds: float) -> None:
    job = running(redis)
    applied = level.as_applied(_state(redis, name))
    transitions.report(redis, job, "level", {}, level=applied)
    outcome = Outcome(Status.SUCCEEDED, service=Service(seconds, seconds))
    transitions.finish(redis, job, outcome, retention=RETENTION)


def _state(redis: Redis, name: str):
    chosen = level.read(redis, "images")
    return chosen.model_copy(update={"level": rung(name)})


def _watched(controller: Controller, redis: Redis) -> None:
    """As if the controller had looked two seconds ago, and does now."""
    seen = observe(redis)
    earlier = seen.load.model_copy(update={"now": seen.load.now - 2})
    controller._forecaster.learn(replace(seen, load=earlier))
    controller.learn()


def test_the_model_is_published_once_arrivals_were_watched(redis, make):
    leader = make(measured=MEASURED)
    leader.learn()
    assert forecast.read(redis, "images") is None
    _watched(leader, redis)
    found = forecast.read(redis, "images")

    assert [pace.seconds for pace in found.paces] == [8, 2, 1]
    assert (found.thresholds, found.climb) == ((2, 4), (1, 3))
    assert 0 < redis.ttl(keys.forecast("images")) <= FORECAST_SECONDS
    assert forecast.read(redis, "stories") is None


def test_who_stands_by_publishes_nothing(redis, make):
    make("a")
    other = make("b", measured=MEASURED)
    _watched(other, redis)
    assert forecast.read(redis, "images") is None


def test_a_new_leader_knows_what_jobs_took_before_it_came(redis, make):
    first = make("a")
    first.decide()
    for _ in range(20):
        _done(redis, "good", 3.0)
    first.step_down()
    second = make("b")
    second.learn()

    found = second._forecaster.latest["images"]
    assert found.paces[1].seconds == pytest.approx(3.0)
    assert found.arrivals.value == 0
    assert not second._forecaster.rate_known("images")


def test_a_sample_that_makes_no_sense_does_not_keep_it_from_deciding(redis, make):
    redis.xadd(keys.samples("images"), {"share": "1"})
    leader = make()
    with pytest.raises(KeyError, match="elapsed"):
        leader.learn()
    leader.decide()
    assert level.read(redis, "images").level.name == "best"


def test_slo_rules_go_by_what_was_learned(redis, make):
    leader = make(policy=for_images(predicting("slo")), measured=MEASURED)
    leader.learn()
    accept(redis)
    accept(redis)
    leader.decide()
    found = level.read(redis, "images")
    assert found.level.name == "good"
    assert "asked 10 s" in found.reason


def for_images(policy: Policy) -> Policy:
    """These rules for pictures, and plain thresholds for stories, of which nothing is measured."""
    return policy.model_copy(update={"rules": LADDER.rules, "queues": {"images": policy.rules}})


PLANNED = for_images(predicting("planned"))


def _planned(leader) -> tuple[int, ...]:
    def ready():
        leader.plan()
        return leader._forecaster.latest["images"].thresholds

    return wait_until(ready, "a plan is in force", 60)


def test_a_plan_is_put_in_force_told_and_kept_in_the_stream(redis, make, caplog):
    caplog.set_level(logging.INFO, "controller.control")
    leader = make(policy=PLANNED, measured=MEASURED)
    leader.decide()
    leader.plan()
    assert leader._forecaster.latest["images"] is None
    _watched(leader, redis)
    thresholds = _planned(leader)
    leader.decide()
    leader.decide()
    leader.learn()

    assert len(thresholds) == 2
    assert forecast.read(redis, "images").thresholds == thresholds
    told = f"levels are left at {thresholds[0]}, {thresholds[1]}"
    assert told in caplog.text
    entries = [entry for entry in level.decisions(redis, 9) if entry["queue"] == "images"]
    assert [told in entry["reason"] for entry in entries] == [True, False]
    assert entries[0]["reason"].startswith("nothing is planned yet; planned anew for 0 ± ")


def test_a_plan_does_not_hide_a_pin(redis, make):
    leader = make(policy=PLANNED, measured=MEASURED)
    level.pin(redis, "images", pin("good"), seconds=60)
    leader.decide()
    _watched(leader, redis)
    _planned(leader)
    leader.decide()
    assert level.read(redis, "images").reason == "pinned by ada: a demonstration"


def test_a_successor_begins_with_the_thresholds_in_force(redis, make):
    first = make("a", PLANNED, MEASURED)
    _watched(first, redis)
    thresholds = _planned(first)
    first.learn()
    first.step_down()
    second = make("b", PLANNED, MEASURED)
    second.learn()
    assert second._forecaster.latest["images"].thresholds == thresholds
    redis.set(keys.forecast("images"), "{}")
    second.step_down()
    assert make("c", PLANNED, MEASURED).leads


def test_a_profile_that_lacks_a_level_is_refused(make):
    with pytest.raises(ProfileError, match="no stories cost"):
        make(policy=predicting("planned"), measured=MEASURED)


def test_a_dry_run_shows_what_it_predicts_and_by_which_thresholds(redis, make, settings):
    terms = Terms("dry", LADDER, settings, MEASURED)
    accept(redis)
    found = preview(redis, terms)["queues"]["images"]

    assert found["forecast"]["thresholds"] == [2, 4]
    assert [each["name"] for each in found["forecast"]["levels"]] == ["best", "good", "fair"]
    best = found["forecast"]["levels"][0]
    assert best["service_seconds"] == pytest.approx(8.0)
    assert best["mean_response_seconds"] == pytest.approx(8.0 + 8.0 * (1 + 0.1) / 2)
    assert best["p95_response_seconds"] > best["mean_response_seconds"]
    text = sentence(preview(redis, terms))
    assert "arrivals unknown: no controller leads" in text
    assert "fair: 1 ± " in text
    assert "stories: depth 0" in text


def test_a_dry_run_beside_a_leader_tells_its_arrivals_and_its_plan(redis, make, settings):
    leader = make(policy=PLANNED, measured=MEASURED)
    _watched(leader, redis)
    thresholds = _planned(leader)
    leader.learn()
    found = preview(redis, Terms("dry", PLANNED, settings, MEASURED))["queues"]["images"]
    assert found["forecast"]["thresholds"] == list(thresholds)
    assert found["forecast"]["arrivals"]["error"] > 0
