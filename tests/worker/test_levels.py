"""A worker hears of a level at once, and says so when nobody holds it any more."""

import logging
import time
from collections.abc import Iterator
from statistics import median

import pytest
from redis import Redis

from services.contract import level, policy
from services.contract.level import Choice
from tests.conftest import ROOT
from tests.services.contract.making import running
from tests.waiting import wait_until
from worker.levels import Levels

LADDER = policy.load(ROOT / "policy.toml")
FALLBACK = "balanced"
SECONDS_BETWEEN_LOOKS = 1.0


@pytest.fixture
def levels(redis: Redis) -> Iterator[Levels]:
    """A worker's ear, open."""
    opened = Levels(redis, "images", LADDER, fallback=FALLBACK, worker="worker-1")
    opened.open()
    yield opened
    opened.close()
    assert level.applied(redis) == {}


def put(redis: Redis, name: str, lease: float = 60.0) -> int:
    """Put a level in force as the controller does."""
    index = LADDER.index(name)
    choice = Choice(index, LADDER.levels[index], "test", {})
    return level.publish(redis, level.lead(redis, "a"), "images", choice, lease=lease)


def heard(redis: Redis, version: int) -> None:
    """Wait until the worker has acknowledged this version."""
    wait_until(lambda: level.applied(redis).get("worker-1") == version, f"heard {version}")


def test_a_change_is_heard_by_the_push_and_not_by_the_next_look(
    redis: Redis, levels: Levels
) -> None:
    """Without the push each takes a whole time between looks, for the change before was heard at
    one. A machine that stalls now and then may be late with some."""
    heard(redis, put(redis, "quality"))
    seconds = []
    for name in ("fast", "balanced", "quality", "fast", "balanced", "quality"):
        started = time.monotonic()
        heard(redis, put(redis, name))
        seconds.append(time.monotonic() - started)
    assert median(seconds) < SECONDS_BETWEEN_LOOKS / 2


def test_a_job_gets_the_level_in_force_though_the_worker_has_not_heard(redis: Redis) -> None:
    deaf = Levels(redis, "images", LADDER, fallback=FALLBACK, worker="worker-1")
    version = put(redis, "fast")
    applied = deaf.resolve(running(redis))
    assert (applied.name, applied.version, applied.reason) == ("fast", version, "test")


def test_when_the_lease_ends_the_fallback_applies_and_the_log_says_so(
    redis: Redis, levels: Levels, caplog: pytest.LogCaptureFixture
) -> None:
    job = running(redis)
    with caplog.at_level(logging.INFO, "worker.levels"):
        heard(redis, put(redis, "fast"))
        caplog.clear()
        put(redis, "fast", lease=0.1)
        wait_until(lambda: levels.resolve(job).name == FALLBACK, "the fallback applies")
        wait_until(lambda: "STORYTELLER_FALLBACK_LEVEL" in caplog.text, "the log says so")
        assert "STORYTELLER_FALLBACK_LEVEL" in levels.resolve(job).reason
        put(redis, "fast")
        wait_until(lambda: "holds the policy again" in caplog.text, "and says its end")


def test_a_fallback_level_that_the_policy_lacks_is_refused(redis: Redis) -> None:
    with pytest.raises(policy.PolicyError, match="the levels are quality, balanced, fast"):
        Levels(redis, "images", LADDER, fallback="fastest", worker="worker-1")
