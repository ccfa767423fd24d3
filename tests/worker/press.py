"""A book in the making over the real job layer: dictated text, pictures drawn when a test says."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from redis import Redis

from services.contract import events, keys, policy, queues, transitions
from services.contract.jobs import Failure, Job, Status
from services.contract.ladder import AppliedLevel
from services.contract.story import Page, Story
from services.contract.transitions import Outcome
from tests.conftest import ROOT
from tests.services.contract.making import EXPIRED, RETENTION, accept, claim, reclaim, state
from tests.waiting import wait_until
from worker.artifacts import Shelf
from worker.attempt import attempt
from worker.children import Printer
from worker.claims import Claim, Claims, Terms
from worker.story import OnPage, Written
from worker.storybook import perform_storybook

LADDER = policy.load(ROOT / "policy.toml")
LEVEL = AppliedLevel(index=0, level=LADDER.levels[0], version=None, reason="test")
LEASE = 1.5
TEXT_SECONDS, TEXT_SHARE = 1.0, 0.25
CAPTIONS = ("a fox in the snow", "a fox and an owl in the snow", "a fox in the forest at night")


def story(*captions: str) -> Story:
    """A story with a page for each caption."""
    pages = (
        Page(number=number, text="A fox ran.", illustration=caption)
        for number, caption in enumerate(captions, start=1)
    )
    return Story(title="The Fox", pages=tuple(pages))


class Died(BaseException):
    """The process is gone: nothing more is recorded."""


Cue = Callable[[Claim, Page], None]


class Dictation:
    """A desk at which this story is written; each of `cues` is called before each page."""

    def __init__(self, dictated: Story, *cues: Cue) -> None:
        self.story = dictated
        self.cues = cues

    def write(self, claim: Claim, on_page: OnPage | None = None) -> Written:
        """What worker.story.Desk does, without a language model."""
        claim.start(LEVEL)
        for page in self.story.pages:
            for cue in self.cues:
                cue(claim, page)
            claim.report("page", {"title": self.story.title, **page.model_dump()})
            on_page(self.story.title, page)
        return Written(self.story, TEXT_SECONDS, TEXT_SHARE)


def dies_before(number: int) -> Cue:
    """A worker that is killed before it has written this page."""

    def cue(_claim: Claim, page: Page) -> None:
        if page.number == number:
            raise Died

    return cue


def after_pictures(claim: Claim, _page: Page) -> None:
    """An image worker so quick that whatever is ordered is drawn before the next page."""
    redis = claim.redis
    wait_until(lambda: queues.load(redis).queues["images"].depth == 0, "nothing is undrawn")


def waits_before(number: int) -> Cue:
    """A slow model: this page takes until the attempt is interrupted."""

    def cue(claim: Claim, page: Page) -> None:
        if page.number == number:
            wait_until(claim.interrupted, "the attempt is interrupted")
            raise claim.interrupted()

    return cue


class Pause:
    """A worker that stands still before a page, until it is let go."""

    def __init__(self, number: int) -> None:
        self._number = number
        self.go_on = threading.Event()

    def __call__(self, _claim: Claim, page: Page) -> None:
        if page.number == self._number:
            assert self.go_on.wait(20)


class Press:
    """Makes books in threads, as a story worker does, and draws as an image worker does."""

    def __init__(self, redis: Redis, folder: Path, pool: ThreadPoolExecutor) -> None:
        self.redis = redis
        self.shelf = Shelf(folder)
        self.printer = Printer(redis, self.shelf, lambda _job: None, RETENTION)
        self.claims = Claims(redis, Terms("worker-1", LEASE, RETENTION))
        self._pool = pool

    def order(self, **options: Any) -> str:
        """A book that waits: its id."""
        return accept(self.redis, "storybook", **{"pages": len(CAPTIONS), **options})

    def attempt(self, book: str, desk: Any) -> Future[bool]:
        """A whole attempt at the book, under way."""
        perform = partial(perform_storybook, desk=desk, printer=self.printer)
        return self._pool.submit(attempt, book, self.claims, {"storybook": perform})

    def begin(self, book: str, desk: Any) -> Future[Outcome]:
        """An attempt whose worker never says how it ended, and whose lease has ended already."""
        held = Claim(self.redis, claim(self.redis, book, EXPIRED), threading.Event())
        return self._pool.submit(perform_storybook, held, desk, self.printer)

    def die(self, book: str, desk: Any, drawn: int) -> None:
        """An attempt that is killed where the desk says, with so many pictures drawn."""
        attempt = self.begin(book, desk)
        for position in range(drawn):
            self.draw(self.ordered(book, position + 1)[position].id)
        assert isinstance(attempt.exception(20), Died)
        assert reclaim(self.redis) == [book]

    def ordered(self, book: str, count: int) -> list[Job]:
        """The book's first pictures in the order in which they were ordered, once there are any."""
        wait_until(lambda: len(self.told(book, "ordered")) >= count, f"{count} pictures ordered")
        return [state(self.redis, event["job"]) for event in self.told(book, "ordered")]

    def told(self, book: str, kind: str) -> list[dict[str, Any]]:
        """The data of the book's events of a kind."""
        return [event.data for event in events.after(self.redis, book) if event.type == kind]

    def order_of_events(self, book: str) -> str:
        """What was told of pages and pictures, in order: p o d are page, ordered, drawn; w, text
        complete."""
        letters = {"page": "p", "ordered": "o", "picture": "d", "written": "w"}
        told = [letters.get(event.type, "") for event in events.after(self.redis, book)]
        return "".join(told)

    def draw(self, job_id: str) -> None:
        """Draw a picture as an image worker does."""
        job = claim(self.redis, job_id)
        transitions.report(self.redis, job, "level", {}, level=LEVEL)
        file = self.shelf.put(job, "image-0.png", b"\x89PNG of " + job_id.encode())
        self._end(job, Outcome(Status.SUCCEEDED, artifacts=(file,)))

    def fail(self, job_id: str) -> None:
        """Fail at a picture as an image worker does."""
        error = Failure(type="RuntimeError", message="the ink ran out")
        self._end(claim(self.redis, job_id), Outcome(Status.FAILED, error=error))

    def draw_all(self, made: Future) -> None:
        """Draw whatever waits until the book is made."""
        for _ in itertools.takewhile(lambda _: not made.done(), itertools.count()):
            for job_id in self.redis.zrange(keys.waiting("images", "normal"), 0, 0):
                self.draw(job_id)

    def _end(self, job: Job, outcome: Outcome) -> None:
        transitions.finish(self.redis, job, outcome, retention=RETENTION)
