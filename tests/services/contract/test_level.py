"""The level in force: who may put it, what a job gets, who has heard."""

from pathlib import Path

import pytest

from services.contract import keys, level, rule_override
from services.contract.jobs import QUEUES
from services.contract.level import Choice, Pin
from services.contract.policy import PolicyError, load
from services.contract.rule_override import RuleOverride
from services.contract.rules import PolicyRules
from tests.waiting import wait_until

LADDER = load(Path(__file__).parents[3] / "policy.toml")


def _put(redis, epoch, name="quality", reason="test", lease=10.0):
    index = LADDER.index(name)
    choice = Choice(index, LADDER.levels[index], reason, {"depth": 7})
    return level.publish(redis, epoch, "images", choice, lease=lease)


def test_nothing_is_in_force_at_first(redis):
    assert level.read(redis, "images") is None
    assert level.pinned(redis, "images") is None
    assert level.decisions(redis, 10) == []


def test_a_level_is_read_as_it_was_put(redis):
    version = _put(redis, level.lead(redis, "a"), "fast", "depth 13 reached 12")
    state = level.read(redis, "images")

    assert (state.version, state.epoch, state.index) == (version, 1, 2)
    assert (state.level, state.reason) == (LADDER.levels[2], "depth 13 reached 12")
    assert state.lease_until - state.since == pytest.approx(10, abs=0.01)


def test_putting_the_same_again_only_renews_the_lease(redis):
    epoch = level.lead(redis, "a")
    assert _put(redis, epoch, lease=1) == 1
    before = level.read(redis, "images")

    assert _put(redis, epoch, lease=10) == 1

    after = level.read(redis, "images")
    assert after.lease_until > before.lease_until + 5
    assert (after.since, after.version) == (before.since, before.version)
    assert len(level.decisions(redis, 10)) == 1


def test_a_new_reason_is_told_but_the_level_keeps_its_age(redis):
    epoch = level.lead(redis, "a")
    _put(redis, epoch)
    before = level.read(redis, "images")

    assert _put(redis, epoch, reason="pinned by ada: demo") == 2
    assert (level.read(redis, "images").since, level.read(redis, "images").reason) == (
        before.since,
        "pinned by ada: demo",
    )


def test_every_change_is_kept_with_its_load(redis):
    epoch = level.lead(redis, "a")
    for name in ("quality", "fast", "balanced"):
        _put(redis, epoch, name, f"to {name}")

    newest, *_, oldest = level.decisions(redis, 10)

    assert (newest["level"], newest["version"], newest["reason"]) == ("balanced", 3, "to balanced")
    assert (newest["load"], oldest["level"]) == ({"depth": 7}, "quality")
    assert newest["at"] == pytest.approx(redis.time()[0], abs=5)


def test_a_change_nudges_those_who_listen(redis):
    epoch = level.lead(redis, "a")
    _put(redis, epoch)
    with redis.pubsub(ignore_subscribe_messages=True) as channel:
        channel.subscribe(keys.POLICY_CHANNEL)
        wait_until(lambda: redis.pubsub_numsub(keys.POLICY_CHANNEL)[0][1], "subscribed")
        _put(redis, epoch)
        _put(redis, epoch, "fast")
        heard = wait_until(lambda: channel.get_message(timeout=0.05), "a nudge")
        assert heard["data"] == "images"
        assert channel.get_message(timeout=0.05) is None


def test_an_older_leader_is_refused(redis):
    old = level.lead(redis, "a")
    _put(redis, old, "fast")
    redis.delete(keys.LEADER)
    new = level.lead(redis, "b")

    assert _put(redis, old, "quality") == -1
    assert _put(redis, new, "balanced") == 2
    assert _put(redis, old, "quality") == -1
    assert level.read(redis, "images").level.name == "balanced"
    assert level.lead(redis, "a") == 0


def test_the_leader_stays_the_leader(redis):
    assert [level.lead(redis, "a") for _ in range(3)] == [1, 1, 1]
    assert 0 < redis.ttl(keys.LEADER) <= level.LEADER_SECONDS


def test_stepping_down_lets_another_lead_at_once(redis):
    level.lead(redis, "a")
    level.step_down(redis, "b")
    assert level.lead(redis, "b") == 0
    level.step_down(redis, "a")
    assert level.lead(redis, "b") == 2


def test_epochs_survive_what_the_leader_does_not(redis):
    assert level.lead(redis, "a") == 1
    redis.delete(keys.LEADER)
    assert level.lead(redis, "a") == 2


def test_a_named_level_is_what_the_job_gets(redis):
    _put(redis, level.lead(redis, "a"), "fast")

    applied = level.resolve(
        "quality", level.read(redis, "images"), LADDER, "balanced", redis.time()[0]
    )

    assert (applied.name, applied.index, applied.version) == ("quality", 0, None)
    assert applied.reason == "the request names it"


def test_an_unknown_level_names_those_there_are(redis):
    with pytest.raises(
        PolicyError, match="no level 'best': the levels are quality, balanced, fast"
    ):
        level.resolve("best", None, LADDER, "balanced", 0.0)


def test_auto_gets_the_level_in_force_and_its_reason(redis):
    _put(redis, level.lead(redis, "a"), "fast", "depth 13 reached 12")

    applied = level.resolve(
        "auto", level.read(redis, "images"), LADDER, "balanced", redis.time()[0]
    )

    assert (applied.name, applied.version) == ("fast", 1)
    assert applied.reason == "depth 13 reached 12"


def test_auto_falls_back_before_the_first_controller(redis):
    applied = level.resolve("auto", None, LADDER, "balanced", 0.0)

    assert (applied.name, applied.version) == ("balanced", None)
    assert "the fallback level applies (STORYTELLER_FALLBACK_LEVEL)" in applied.reason


def test_auto_falls_back_when_the_lease_has_ended(redis):
    _put(redis, level.lead(redis, "a"), "fast", lease=5)
    state = level.read(redis, "images")

    held = level.resolve("auto", state, LADDER, "balanced", state.lease_until - 0.001)
    lapsed = level.resolve("auto", state, LADDER, "balanced", state.lease_until + 30)

    assert (held.name, lapsed.name) == ("fast", "balanced")
    assert "for 30 s" in lapsed.reason


def test_workers_tell_which_version_they_apply(redis):
    level.acknowledge(redis, "a", 3)
    level.acknowledge(redis, "b", 4)
    level.acknowledge(redis, "a", 4)

    assert level.applied(redis) == {"a": 4, "b": 4}


def test_a_pin_holds_until_it_ends(redis):
    pin = Pin("fast", "ada", "a demonstration", 1e9)
    level.pin(redis, "images", pin, seconds=60)
    assert level.pinned(redis, "images") == pin

    level.pin(redis, "images", pin, seconds=0.05)
    wait_until(lambda: level.pinned(redis, "images") is None, "the pin has ended")


def test_a_pin_can_be_replaced_and_taken_away(redis):
    level.pin(redis, "images", Pin("fast", "ada", "x", 1e9), seconds=60)
    level.pin(redis, "images", Pin("quality", "bob", "y", 2e9), seconds=60)
    assert level.pinned(redis, "images") == Pin("quality", "bob", "y", 2e9)
    level.unpin(redis, "images")
    assert level.pinned(redis, "images") is None


def test_what_stands_is_what_each_queue_s_own_hashes_say(redis):
    assert level.standing(redis) == dict.fromkeys(QUEUES, (None, None, None))
    _put(redis, level.lead(redis, "c"))
    held = Pin("fast", "ada", "a demonstration", 12.5)
    level.pin(redis, "stories", held, seconds=60)
    override = RuleOverride(rules=PolicyRules(thresholds=(2, 5)), by="ada", reason="", until=12.5)
    rule_override.put(redis, "images", override, seconds=60)

    found = level.standing(redis)

    assert found["images"] == (level.read(redis, "images"), None, override)
    assert found["stories"] == (None, held, None)


def test_decisions_from_before_each_queue_had_a_level_are_left_out(redis):
    fields = {"version": 1, "level": "fast", "reason": "depth 7 reached 6", "load": "{}"}
    redis.xadd(keys.POLICY_DECISIONS, fields)
    _put(redis, level.lead(redis, "a"), "quality")

    assert [each["level"] for each in level.decisions(redis, 10)] == ["quality"]
