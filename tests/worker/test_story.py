"""The desk: who writes when, at which level, and with which variant of the model."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
from redis import Redis

from services.contract import events, level, policy
from services.contract.jobs import Job
from services.contract.ladder import StoryLevel
from services.contract.level import Choice
from services.contract.story import Page, Story
from tests.conftest import ROOT
from tests.services.contract.making import cancel, running
from tests.waiting import wait_until
from tests.worker.language.tiny import tiny_model
from worker import story
from worker.claims import Claim
from worker.interruptions import Cancelled
from worker.language.model import LanguageModel
from worker.levels import Levels
from worker.narrate import StoryOrder
from worker.story import Desk
from worker.variants import Variants

DEADLINE = 30
TOGETHER_SECONDS = 0.1
MOST = 100
SHIPPED = policy.load(ROOT / "policy.toml").levels
EXACT = SHIPPED[0].model_copy(
    update={
        "name": "exact",
        "story": StoryLevel(max_tokens=64, precision="fp32", page_sentences=3),
    }
)
LADDER = policy.Policy(
    rules=policy.PolicyRules(kind="fixed", level="balanced"), levels=(*SHIPPED, EXACT)
)
WRITTEN = Story(title="The Fox", pages=(Page(number=1, text="A fox ran.", illustration="a fox"),))


class Office:
    """A desk whose stories wait until they are let go; the model writes none of them."""

    def __init__(self, redis: Redis, pool: ThreadPoolExecutor, places: int, base: str) -> None:
        self.redis = redis
        self.claims: list[Claim] = []
        self.loaded: list[str] = []
        self.begun: list[tuple[LanguageModel, StoryOrder]] = []
        self._permits = threading.Semaphore(0)
        models = Variants(self._load, base=base, measure=lambda _: 1)
        levels = Levels(redis, "stories", LADDER, fallback="balanced", worker="worker-1")
        self.desk = Desk(models, levels, None, places, usual="bf16")
        self._pool = pool

    def _load(self, precision: str) -> LanguageModel:
        self.loaded.append(precision)
        return tiny_model(chats=True)

    def narrate(self, model: LanguageModel, order: StoryOrder, **tellers: Any) -> Story:
        """In the place of worker.narrate.narrate."""
        self.begun.append((model, order))
        assert self._permits.acquire(timeout=DEADLINE)
        for page in WRITTEN.pages:
            tellers["on_page"](WRITTEN.title, page)
        return WRITTEN

    def write(self, job: Job, on_page: Callable | None = None) -> Future:
        """A future of what the desk gives; returns once the job is begun, or waits for a place."""
        claim = Claim(self.redis, job, threading.Event())
        self.claims.append(claim)
        before = self._seen()
        future = self._pool.submit(self.desk.write, claim, on_page)
        wait_until(lambda: self._seen() > before, "the job is at the desk")
        return future

    def _seen(self) -> int:
        places = self.desk._places
        with places._changed:  # a job that may have a place takes it before it lets go of this
            return len(self.begun) + len(places._waiting)

    def go_on(self) -> None:
        """Let all stories go, those to come too."""
        self._permits.release(MOST)

    def finish_one(self) -> None:
        """Let one story go; returns once another has begun in its place."""
        before = len(self.begun)
        self._permits.release()
        wait_until(lambda: len(self.begun) > before, "the next story is begun")

    @property
    def prompts(self) -> list[str]:
        """Of the stories begun, in order."""
        return [order.prompt for _, order in self.begun]


@pytest.fixture
def office(redis: Redis, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], Office]]:
    with ExitStack() as stack:
        pool = stack.enter_context(ThreadPoolExecutor(8))

        def make(places: int, base: str = "bf16") -> Office:
            made = Office(redis, pool, places, base)
            monkeypatch.setattr(story, "narrate", made.narrate)
            stack.callback(made.go_on)
            return made

        yield make


def test_as_many_stories_as_there_are_places_the_rest_by_priority(
    redis: Redis, office: Callable[[int], Office]
) -> None:
    desk = office(2)
    asked = [("a", "normal"), ("b", "normal"), ("late", "low"), ("next", "normal")]
    waiting = [
        desk.write(running(redis, "story", prompt=name, priority=priority))
        for name, priority in (*asked, ("first", "high"))
    ]
    assert sorted(desk.prompts) == ["a", "b"]
    for _ in range(3):
        desk.finish_one()
    assert desk.prompts[2:] == ["first", "next", "late"]
    desk.go_on()
    for future in waiting:
        assert future.result(DEADLINE).story == WRITTEN


def test_the_level_is_chosen_when_the_writing_starts(
    redis: Redis, office: Callable[[int], Office]
) -> None:
    desk = office(1)
    first = desk.write(running(redis, "story"))
    second = desk.write(running(redis, "story"))
    third = desk.write(running(redis, "story", max_tokens=99))
    index = LADDER.index("fast")
    choice = Choice(index, LADDER.levels[index], "test", {})
    level.publish(redis, level.lead(redis, "a"), "stories", choice, lease=60)
    desk.go_on()
    for future in (first, second, third):
        future.result(DEADLINE)
    balanced, fast = (LADDER.levels[LADDER.index(name)].story for name in ("balanced", "fast"))
    asked = [(order.max_tokens, order.page_sentences) for _, order in desk.begun]
    assert asked == [
        (balanced.max_tokens, balanced.page_sentences),
        (fast.max_tokens, fast.page_sentences),
        (99, fast.page_sentences),
    ]


def test_a_story_is_written_by_the_variant_of_its_level(
    redis: Redis, office: Callable[[int], Office]
) -> None:
    desk = office(2)
    auto = desk.write(running(redis, "story"))
    exact = desk.write(running(redis, "story", level="exact"))
    desk.go_on()
    auto.result(DEADLINE), exact.result(DEADLINE)
    (usual, _), (fp32, order) = desk.begun
    assert desk.loaded == ["bf16", "fp32"]
    assert usual is not fp32
    assert order.page_sentences == 3


def test_stories_written_together_take_all_the_clock_and_a_share_of_the_desk(
    redis: Redis, office: Callable[[int], Office]
) -> None:
    desk, started = office(2), time.monotonic()
    futures = [desk.write(running(redis, "story", prompt=name)) for name in "ab"]
    both = time.monotonic()
    wait_until(lambda: time.monotonic() - both > TOGETHER_SECONDS, "both have been at it")
    desk.go_on()
    written = [future.result(DEADLINE) for future in futures]
    assert all(one.seconds > TOGETHER_SECONDS for one in written)
    assert all(one.share < one.seconds - 0.49 * TOGETHER_SECONDS for one in written)
    assert sum(one.share for one in written) <= time.monotonic() - started


def test_auto_is_the_usual_precision_whichever_is_kept(
    redis: Redis, office: Callable[..., Office]
) -> None:
    desk = office(1, base="fp32")
    desk.go_on()
    desk.write(running(redis, "story")).result(DEADLINE)
    assert desk.loaded == ["bf16"]


def test_a_page_is_told_to_clients_and_to_whoever_asked(
    redis: Redis, office: Callable[[int], Office]
) -> None:
    desk, told = office(1), []
    desk.go_on()
    job = running(redis, "story")
    desk.write(job, lambda *page: told.append(page)).result(DEADLINE)
    assert told == [(WRITTEN.title, WRITTEN.pages[0])]
    pages = [event.data for event in events.after(redis, job.id) if event.type == "page"]
    assert pages == [{"title": WRITTEN.title, **WRITTEN.pages[0].model_dump()}]


def test_a_job_that_is_cancelled_while_it_waits_never_starts(
    redis: Redis, office: Callable[[int], Office]
) -> None:
    desk = office(1)
    first = desk.write(running(redis, "story"))
    job = running(redis, "story", prompt="a bear")
    waiting = desk.write(job)
    cancel(redis, job.id)
    desk.claims[-1].report("progress", {})
    with pytest.raises(Cancelled):
        waiting.result(DEADLINE)
    desk.go_on()
    first.result(DEADLINE)
    assert desk.prompts == ["a fox in the snow"]
