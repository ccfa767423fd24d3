"""A picture under way follows the policy down the ladder, and the record says so."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from services.contract import events, level
from services.contract.ladder import AppliedLevel, ImageLevel, Level, StoryLevel
from services.contract.level import Choice
from services.contract.policy import Policy, PolicyRules
from services.contract.transitions import Outcome
from tests.services.contract.making import running, state
from tests.waiting import wait_until
from worker.artifacts import Shelf
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.claims import Claim
from worker.following import follow
from worker.levels import Levels
from worker.picture import Studio, perform_image

pytestmark = pytest.mark.usefixtures("one_thread")

SECONDS = 60


def rung(name: str, steps: int, *, retime: bool = True) -> Level:
    """A level with so many DDIM steps."""
    image = ImageLevel(sampler="ddim", steps=steps, guidance_scale=3.0, retime=retime)
    return Level(name=name, image=image, story=StoryLevel(max_tokens=99))


LADDER = Policy(
    rules=PolicyRules(thresholds=(3, 6)),
    levels=(rung("best", 120), rung("stubborn", 100, retime=False), rung("fast", 4)),
)


def put(redis: Redis, name: str) -> None:
    """Put a level in force as the controller does."""
    index = LADDER.index(name)
    epoch = level.lead(redis, "a")
    level.publish(
        redis, epoch, "images", Choice(index, LADDER.levels[index], f"load of {name}", {}), lease=60
    )


@dataclass
class Worker:
    """An image worker without Celery."""

    redis: Redis
    engine: Engine
    levels: Levels
    shelf: Shelf
    pool: ThreadPoolExecutor

    def draw(self, *, retime: bool = True, **options: object) -> tuple[Claim, Future[Outcome]]:
        """A job being drawn, at least its first step taken."""
        claim = Claim(self.redis, running(self.redis, **options), threading.Event())
        studio = Studio(self.engine, self.levels, self.shelf, retime)
        done = self.pool.submit(perform_image, claim, studio)
        wait_until(lambda: claim._progress is not None, "the first step is taken")
        return claim, done

    def change(self, name: str) -> None:
        """The controller changes the level, and the worker hears of it."""
        put(self.redis, name)
        self.hears(name)

    def hears(self, name: str) -> None:
        """Wait until the worker knows that this level is in force."""
        wait_until(
            lambda: self.levels.latest is not None and self.levels.latest.name == name,
            f"the worker heard of {name}",
        )


@pytest.fixture
def worker(redis: Redis, denoiser: Denoiser, tmp_path: Path) -> Iterator[Worker]:
    """A worker at the level `best`."""
    put(redis, "best")
    levels = Levels(redis, "images", LADDER, fallback="fast", worker="worker-1")
    levels.open()
    with Engine(denoiser, cap=4) as engine, ThreadPoolExecutor() as pool:
        worker = Worker(redis, engine, levels, Shelf(tmp_path), pool)
        worker.hears("best")
        yield worker
    levels.close()


def test_a_picture_follows_the_policy_down_and_its_record_keeps_both_levels(
    redis: Redis, worker: Worker
) -> None:
    claim, done = worker.draw()
    worker.change("fast")
    outcome = done.result(SECONDS)
    assert outcome.service.retimed
    drawing = outcome.result["drawings"][0]
    names = [each["level"] for each in drawing["levels"]]
    assert names == ["best", "fast"]
    assert 1 <= drawing["levels"][1]["step"] < drawing["steps"] < 120
    assert state(redis, claim.job.id).level.name == "fast"
    told = [event.data for event in events.after(redis, claim.job.id) if event.type == "level"]
    assert [each["level"]["name"] for each in told] == ["best", "fast"]


@pytest.mark.parametrize(
    ("options", "retime", "begun"),
    [({}, False, "best"), ({"level": "best"}, True, "best"), ({}, True, "stubborn")],
    ids=["the setting is off", "the request names its level", "its level keeps its pictures"],
)
def test_a_picture_stays_as_it_was_begun(
    redis: Redis, worker: Worker, options: dict[str, object], retime: bool, begun: str
) -> None:
    worker.change(begun)
    claim, done = worker.draw(retime=retime, **options)
    worker.change("fast")
    follower, drawn = worker.draw(count=2)
    drawn.result(SECONDS)
    outcome = done.result(SECONDS)
    kept = LADDER.levels[LADDER.index(begun)].image
    assert (outcome.service.settings, outcome.service.retimed) == (kept.digest, False)
    drawing = outcome.result["drawings"][0]
    assert follower.level.name == "fast"
    assert drawing["steps"] == kept.steps
    assert drawing["levels"] == [{"level": begun, "step": 0}]
    assert claim.level.name == begun


class Heard:
    """A worker's ear that heard this last."""

    def __init__(self, latest: AppliedLevel | None) -> None:
        self.latest = latest


def applied(name: str, version: int) -> AppliedLevel:
    """A level of the ladder, from this version of the policy."""
    index = LADDER.index(name)
    return AppliedLevel(index=index, level=LADDER.levels[index], version=version, reason="test")


@pytest.mark.parametrize(
    ("begun", "latest", "goes"),
    [
        (("best", 3), ("fast", 4), True),
        (("best", 3), ("fast", 2), False),
        (("fast", 3), ("best", 4), False),
        (("fast", 3), ("stubborn", 4), False),
        (("best", 3), ("best", 4), False),
    ],
    ids=["further down", "heard too late", "up", "up a little", "the same"],
)
def test_only_a_newer_level_further_down_is_followed(
    redis: Redis, begun: tuple[str, int], latest: tuple[str, int], goes: bool
) -> None:
    claim = Claim(redis, running(redis), threading.Event())
    claim.level = applied(*begun)
    wanted = follow(claim, Heard(applied(*latest))).wanted()
    assert (wanted is not None and wanted[0] == latest[0]) is goes
