"""Ladders, profiles, loads and states for tests of what the controller decides."""

from pathlib import Path
from typing import Any

from services.contract.forecast import Forecast, Pace
from services.contract.jobs import Queue
from services.contract.ladder import ImageLevel, Level, StoryLevel
from services.contract.level import Pin
from services.contract.policy import Policy, PolicyRules, PolicyState
from services.contract.profile import BatchLaw, Cost, Interval, Profile, Rung
from services.contract.queues import QueueLoad
from services.contract.rules import Slo
from services.contract.samples import Sample

NOW = 1_000_000.0
NAMES = ("best", "good", "fair", "fast", "worst")
QUICK = """
[rules]
thresholds = [2, 4]
hysteresis = 1
dwell_seconds = 0.2
"""
RUNG = """
[[levels]]
name = "{}"
image = {{ sampler = "ddim", steps = 5, guidance_scale = 1.0 }}
story = {{ max_tokens = 99 }}
"""


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


def predicting(kind: str, levels: int = 3, **rules: Any) -> Policy:
    """Rules that predict, `slo` or `planned`: the mean within 10 s unless `slo` says otherwise."""
    fields = {"slo": Slo(seconds=10, percentile="mean"), "dwell_seconds": 0} | rules
    made = PolicyRules(kind=kind, **fields)
    rungs = tuple(level(name) for name in NAMES[:levels])
    return Policy(rules=made, profile=Path("profile.json"), levels=rungs)


def table(rows: list[list[int]], **rules: Any) -> Policy:
    """As many levels as rows."""
    made = PolicyRules(kind="table", table=rows, **rules)
    return Policy(rules=made, levels=tuple(level(name) for name in NAMES[: len(rows)]))


def forecast(*seconds: float, scv: float = 0.0, **fields: Any) -> Forecast:
    """One worker that does one job at a time; so many seconds a job at each level."""
    paces = tuple(Pace(seconds=each, scv=scv) for each in seconds)
    return Forecast(at=NOW, level=0, paces=paces, **fields)


def profile(*seconds: float, queue: Queue = "images", law: BatchLaw | None = None) -> Profile:
    """Levels that take so long, each worth less than the one before."""
    rungs = tuple(
        Rung(level=level(name), costs={queue: _cost(each, 30.0 - index)})
        for index, (name, each) in enumerate(zip(NAMES, seconds, strict=False))
    )
    return Profile(made_with={}, rungs=rungs, batch={queue: law} if law else {})


def _cost(seconds: float, quality: float) -> Cost:
    near = Interval(value=seconds, low=0.95 * seconds, high=1.05 * seconds)
    worth = Interval(value=quality, low=quality, high=quality)
    return Cost(seconds=near, scv=0.1, quality=worth)


def sample(name: str, seconds: float, number: int = 1) -> Sample:
    """A job that was alone in its worker."""
    return Sample(f"{number}-0", seconds, seconds, "image", name, seconds, None)


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


def policy_text(*names: str, rules: str = QUICK) -> str:
    """A policy.toml with these levels."""
    return rules + "".join(RUNG.format(name) for name in names)
