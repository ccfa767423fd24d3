"""Ladders, loads and states for tests of what the controller decides."""

from services.contract.ladder import ImageLevel, Level, StoryLevel
from services.contract.level import Pin
from services.contract.policy import Policy, PolicyRules, PolicyState
from services.contract.queues import QueueLoad

NOW = 1_000_000.0
NAMES = ("best", "good", "fair", "fast", "worst")


def level(name: str) -> Level:
    """A rung of this name."""
    image = ImageLevel(sampler="ddim", steps=10, guidance_scale=3.0)
    return Level(name=name, image=image, story=StoryLevel(max_tokens=64))


def ladder(*thresholds: int, hysteresis: int = 2, dwell: float = 2.0) -> Policy:
    """As many levels as the thresholds separate."""
    rules = PolicyRules(thresholds=thresholds, hysteresis=hysteresis, dwell_seconds=dwell)
    names = NAMES[: len(thresholds) + 1]
    return Policy(rules=rules, levels=tuple(level(name) for name in names))


def fixed(name: str) -> Policy:
    """Three levels, of which one is always in force."""
    rules = PolicyRules(kind="fixed", level=name)
    return Policy(rules=rules, levels=tuple(level(name) for name in NAMES[:3]))


def load(depth: int, oldest_age: float = 1.0) -> QueueLoad:
    """So many jobs of a queue, two of them running."""
    running = min(depth, 2)
    return QueueLoad(
        waiting=depth - running,
        running=running,
        oldest_age=oldest_age,
        service_mean=1.0,
        workers=1,
    )


def state(policy: Policy, index: int, **changed: object) -> PolicyState:
    """A level that has been in force for a minute, for the reason "before"."""
    fields = {
        "epoch": 1,
        "version": 1,
        "index": index,
        "level": policy.levels[index],
        "reason": "before",
        "since": NOW - 60,
        "lease_until": NOW + 10,
    }
    return PolicyState.model_validate(fields | changed)


def pin(name: str) -> Pin:
    """A person's pin."""
    return Pin(level=name, by="ada", reason="a demonstration", until=NOW + 60)
