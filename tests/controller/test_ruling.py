"""Rules that a person has put in force, with controllers in this process."""

import logging
from dataclasses import replace

import pytest

from controller.control import Controller
from controller.observe import observe
from controller.preview import preview
from controller.terms import Terms
from services.contract import level, rule_override
from services.contract.policy import Policy
from services.contract.rule_override import RuleOverride
from services.contract.rules import PolicyRules, Slo
from tests.controller.situations import ladder, pin, predicting, profile
from tests.services.contract.making import accept
from tests.waiting import wait_until

LADDER = ladder(2, 4, hysteresis=1, dwell=0)
MEASURED = profile(8, 2, 1)
EARLIER = PolicyRules(thresholds=(1, 2), dwell_seconds=0)


@pytest.fixture
def make(redis, reconciler, settings):
    """Makes a controller that leads."""

    def one(policy: Policy = LADDER, measured=None) -> Controller:
        made = Controller(redis, reconciler, Terms("a", policy, settings, measured))
        made.stand()
        return made

    return one


def rule(redis, rules: PolicyRules, reason: str = "") -> None:
    override = RuleOverride(rules=rules, by="ada", reason=reason, until=2e9)
    rule_override.put(redis, "images", override, seconds=60)


def test_a_persons_rules_decide_until_they_are_withdrawn(redis, make):
    leader = make()
    for _ in range(2):
        accept(redis)
    rule(redis, EARLIER, "a study")
    leader.decide()
    found = level.read(redis, "images")
    assert (found.level.name, found.reason) == ("fair", "depth 2 reached 2 (rules by ada: a study)")
    assert level.read(redis, "stories").reason == "depth 0 is below 2"
    leader.decide()
    assert level.read(redis, "images") == found

    rule_override.withdraw(redis, "images")
    leader.decide()
    found = level.read(redis, "images")
    assert (found.level.name, found.reason) == ("good", "depth 2 fell to 3 or less")


def test_a_fixed_level_says_whose_it_is_once(redis, make):
    leader = make()
    rule(redis, PolicyRules(kind="fixed", level="fair"))
    for _ in range(3):
        leader.decide()
    found = level.read(redis, "images")
    assert (found.level.name, found.reason) == ("fair", "the policy is fixed (rules by ada)")
    assert found.version == 1


def test_a_pin_goes_before_a_persons_rules(redis, make):
    leader = make()
    rule(redis, PolicyRules(kind="fixed", level="fair"))
    level.pin(redis, "images", pin("good"), seconds=60)
    leader.decide()
    assert level.read(redis, "images").reason == "pinned by ada: a demonstration"
    level.unpin(redis, "images")
    leader.decide()
    assert level.read(redis, "images").reason == "the policy is fixed (rules by ada)"


def test_rules_that_do_not_fit_are_ignored_and_told_of_once(redis, make, caplog):
    leader = make()
    rule(redis, PolicyRules(kind="fixed", level="gone"))
    for _ in range(3):
        leader.decide()
    why = "rules.level must be one of best, good, fair"
    reason = f"depth 0 is below 2; ignored: rules by ada ({why})"
    assert level.read(redis, "images").reason == reason
    assert level.read(redis, "images").version == 1
    told = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert told == [f"images: the rules by ada are ignored: {why}"]

    rule_override.withdraw(redis, "images")
    leader.decide()
    assert level.read(redis, "images").reason == "depth 0 is below 2"


def test_rules_that_predict_are_ignored_without_a_profile(redis, make):
    leader = make(measured=MEASURED)
    rule(redis, PolicyRules(kind="slo", slo=Slo(seconds=10)))
    leader.decide()
    found = level.read(redis, "images")
    assert (found.level.name, found.reason) == (
        "best",
        "depth 0 is below 2; ignored: rules by ada (rules.kind slo needs a profile, and "
        "policy.toml names none)",
    )


@pytest.mark.parametrize("kind", ["slo", "planned"])
def test_rules_that_predict_what_was_not_measured_are_ignored(redis, make, settings, caplog, kind):
    file = predicting("slo").model_copy(update={"rules": LADDER.rules})
    unmeasured = profile(8, 2)
    leader = make(file, unmeasured)
    rule(redis, PolicyRules(kind=kind, slo=Slo(seconds=1), dwell_seconds=0))
    leader.decide()
    _learned(leader, redis)
    leader.decide()

    reason = level.read(redis, "images").reason
    assert reason.startswith("depth 0 is below 2; ignored: rules by ada (the profile has no images")
    assert "the profile has no images cost for the level 'fair'" in caplog.text
    assert leader._forecaster.latest["images"] is None
    found = preview(redis, Terms("dry", file, settings, unmeasured))["queues"]["images"]
    assert found["rules"] == "threshold"


def test_a_change_of_rules_is_logged(redis, make, caplog):
    caplog.set_level(logging.INFO, "controller.ruling")
    leader = make()
    rule(redis, EARLIER)
    leader.decide()
    rule_override.withdraw(redis, "images")
    leader.decide()
    leader.decide()
    told = [each for each in caplog.records if each.name == "controller.ruling"]
    assert [record.getMessage() for record in told] == [
        "images: goes by threshold rules now: rules by ada",
        "images: goes by threshold rules now: policy.toml's rules",
    ]


def _learned(leader: Controller, redis) -> None:
    """As if it had looked two seconds ago, too: then arrivals are known."""
    seen = observe(redis)
    earlier = seen.load.model_copy(update={"now": seen.load.now - 2})
    leader._forecaster.learn(replace(seen, load=earlier))
    leader.learn()


def test_thresholds_are_planned_for_a_persons_target_and_forgotten_with_it(redis, make):
    file = predicting("slo")
    file = file.model_copy(update={"rules": LADDER.rules})
    leader = make(file, MEASURED)
    leader.decide()
    _learned(leader, redis)
    assert leader._forecaster.latest["images"].thresholds == (2, 4)
    rule(redis, PolicyRules(kind="planned", slo=Slo(seconds=40), dwell_seconds=0))
    leader.decide()
    assert leader._forecaster.latest["images"].thresholds == ()

    def planned() -> tuple[int, ...]:
        leader.plan()
        return leader._forecaster.latest["images"].thresholds

    thresholds = wait_until(planned, "a plan is in force", 60)
    assert thresholds[0] > 2
    for _ in range(2):
        accept(redis)
    leader.decide()
    assert level.read(redis, "images").level.name == "best"

    rule_override.withdraw(redis, "images")
    leader.decide()
    assert leader._forecaster.latest["images"].thresholds == (2, 4)
    assert level.read(redis, "images").level.name == "good"


def test_a_dry_run_goes_by_a_persons_rules(redis, make, settings):
    accept(redis)
    rule(redis, EARLIER)
    found = preview(redis, Terms("dry", LADDER, settings))["queues"]["images"]
    assert found["would_be"] == "good"
    assert found["reason"] == "depth 1 reached 1 (rules by ada)"
