"""Controllers that learn and predict, in this process, with a Redis."""

import pytest
from redis import Redis

from controller.preview import preview, sentence
from controller.terms import Terms
from services.contract import forecast, keys, level, transitions
from services.contract.forecast import FORECAST_SECONDS
from services.contract.jobs import Status
from services.contract.profile import BatchLaw, ProfileError
from services.contract.transitions import Outcome, Service
from tests.controller.leaders import LADDER, MEASURED, for_images, watched
from tests.controller.situations import level as rung
from tests.controller.situations import predicting, profile
from tests.services.contract.making import RETENTION, accept, running


def _done(redis: Redis, name: str, seconds: float) -> None:
    job = running(redis)
    applied = level.as_applied(_state(redis, name))
    transitions.report(redis, job, "level", {}, level=applied)
    outcome = Outcome(Status.SUCCEEDED, service=Service(seconds, seconds))
    transitions.finish(redis, job, outcome, retention=RETENTION)


def _state(redis: Redis, name: str):
    chosen = level.read(redis, "images")
    return chosen.model_copy(update={"level": rung(name)})


def test_the_model_is_published_once_arrivals_werewatched(redis, lead):
    leader = lead(measured=MEASURED)
    leader.learn()
    assert forecast.read(redis, "images") is None
    watched(leader, redis)
    found = forecast.read(redis, "images")

    assert [pace.seconds for pace in found.paces] == [8, 2, 1]
    assert (found.thresholds, found.climb) == ((2, 4), (1, 3))
    assert 0 < redis.ttl(keys.forecast("images")) <= FORECAST_SECONDS
    assert forecast.read(redis, "stories") is None


def test_who_stands_by_publishes_nothing(redis, lead):
    lead("a")
    other = lead("b", measured=MEASURED)
    watched(other, redis)
    assert forecast.read(redis, "images") is None


def test_a_new_leader_knows_what_jobs_took_before_it_came(redis, lead):
    first = lead("a")
    first.decide()
    for _ in range(20):
        _done(redis, "good", 3.0)
    first.step_down()
    second = lead("b")
    second.learn()

    found = second._forecaster.latest["images"]
    assert found.paces[1].seconds == pytest.approx(3.0)
    assert found.arrivals.value == 0
    assert not second._forecaster.rate_known("images")


def test_a_sample_that_makes_no_sense_does_not_keep_it_from_deciding(redis, lead):
    redis.xadd(keys.samples("images"), {"share": "1"})
    leader = lead()
    with pytest.raises(KeyError, match="elapsed"):
        leader.learn()
    leader.decide()
    assert level.read(redis, "images").level.name == "best"


def test_slo_rules_go_by_what_was_learned(redis, lead):
    leader = lead(policy=for_images(predicting("slo")), measured=MEASURED)
    leader.learn()
    accept(redis)
    accept(redis)
    leader.decide()
    found = level.read(redis, "images")
    assert found.level.name == "good"
    assert "asked 10 s" in found.reason


def test_a_profile_that_lacks_a_level_is_refused(lead):
    with pytest.raises(ProfileError, match="no stories cost"):
        lead(policy=predicting("planned"), measured=MEASURED)


def test_a_dry_run_predicts_from_what_is_left_to_do(redis, settings):
    accept(redis, count=3)
    found = preview(redis, Terms("dry", LADDER, settings, MEASURED))["queues"]["images"]
    assert (found["depth"], found["workload"], found["would_be"]) == (1, 3, "good")
    best = found["forecast"]["levels"][0]
    assert best["mean_response_seconds"] == pytest.approx(8.0 * (3 + (1 + 0.1) / 2))


def test_a_dry_run_shows_what_company_adds_where_there_may_be_any(redis, settings):
    law = BatchLaw(tau0=3.0, tau1=1.0, cap=4)
    measured = profile(8, 2, 1, law=law)
    *others, fair = measured.rungs
    cost = fair.costs["images"].model_copy(update={"crowding": 0.5})
    rungs = (*others, fair.model_copy(update={"costs": {"images": cost}}))
    crowded = Terms("dry", LADDER, settings, measured.model_copy(update={"rungs": rungs}))
    found = preview(redis, crowded)
    levels = found["queues"]["images"]["forecast"]["levels"]
    assert [each["crowding"] for each in levels] == [0.25, 0.25, 0.5]
    assert "s a job alone, 50.0% more for each other in its worker; one that" in sentence(found)

    alone = preview(redis, Terms("dry", LADDER, settings, MEASURED))
    levels = alone["queues"]["images"]["forecast"]["levels"]
    assert [each["crowding"] for each in levels] == [None, None, None]
    assert "for each other" not in sentence(alone)


def test_a_dry_run_shows_what_it_predicts_and_by_which_thresholds(redis, lead, settings):
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
