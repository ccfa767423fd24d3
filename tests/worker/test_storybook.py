"""What becomes of a book whose pictures end otherwise than well; its text is written already."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest
from redis import Redis

from services.contract import policy, transitions
from services.contract.jobs import SEEDS, Job, Status
from services.contract.ladder import AppliedLevel
from services.contract.story import Page, Story
from services.contract.transitions import Outcome
from tests.conftest import ROOT
from tests.services.contract.making import RETENTION, cancel, claim, running, state
from tests.waiting import wait_until
from worker.artifacts import Shelf
from worker.claims import Claim
from worker.interruptions import Cancelled, DeadlinePassed
from worker.storybook import PictureFailed, Printer, perform_storybook, picture_id

LADDER = policy.load(ROOT / "policy.toml")
LEVEL = AppliedLevel(index=0, level=LADDER.levels[0], version=None, reason="test")
STORY = Story(
    title="The Fox",
    pages=tuple(
        Page(number=number, text="A fox ran.", illustration="a fox in the snow")
        for number in (1, 2)
    ),
)


def written(redis: Redis, **options: object) -> Job:
    """A book in its second attempt: the first one wrote the text."""
    first = running(redis, "storybook", pages=2, **options)
    result = {"story": STORY.model_dump(mode="json"), "text_seconds": 1.0}
    transitions.report(redis, first, "written", {}, result=result)
    transitions.hand_back(redis, first, "test")
    second = claim(redis, first.id)
    assert second is not None
    return second


@pytest.fixture
def printing() -> Iterator[ThreadPoolExecutor]:
    """The thread in which the book is made."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def begin(pool: ThreadPoolExecutor, redis: Redis, book: Job, folder: Path) -> Future:
    """Make the book, and wait until its pictures are ordered."""
    printer = Printer(redis, Shelf(folder), lambda _job: None, RETENTION)
    made = pool.submit(
        perform_storybook, Claim(redis, book, threading.Event()), desk=None, printer=printer
    )
    last = picture_id(book, STORY.pages[-1])
    wait_until(lambda: transitions.get(redis, last) or made.done(), "the pictures are ordered")
    return made


def test_a_cancelled_book_is_cancelled_though_it_hears_of_its_pictures_first(
    redis: Redis, printing: ThreadPoolExecutor, tmp_path: Path
) -> None:
    book = written(redis)
    made = begin(printing, redis, book, tmp_path)
    assert cancel(redis, book.id) == "cancelling"
    with pytest.raises(Cancelled):
        made.result(20)


def test_a_book_without_one_of_its_pictures_fails_and_cancels_the_others(
    redis: Redis, printing: ThreadPoolExecutor, tmp_path: Path
) -> None:
    book = written(redis)
    made = begin(printing, redis, book, tmp_path)
    first, second = (picture_id(book, page) for page in STORY.pages)
    cancel(redis, first)
    with pytest.raises(PictureFailed, match=first):
        made.result(20)
    assert state(redis, second).status is Status.CANCELLED


def test_a_book_whose_deadline_passes_says_so(
    redis: Redis, printing: ThreadPoolExecutor, tmp_path: Path
) -> None:
    book = written(redis, deadline_seconds=1.5)
    made = begin(printing, redis, book, tmp_path)
    with pytest.raises(DeadlinePassed):
        made.result(20)


def draw(redis: Redis, job_id: str, shelf: Shelf) -> None:
    """Finish a picture's job as an image worker does."""
    job = claim(redis, job_id)
    assert job is not None
    transitions.report(redis, job, "level", {}, level=LEVEL)
    file = shelf.put(job, "image-0.png", b"\x89PNG of " + job_id.encode())
    outcome = Outcome(Status.SUCCEEDED, artifacts=(file,))
    transitions.finish(redis, job, outcome, retention=RETENTION)


def test_a_second_attempt_binds_the_pictures_of_the_first(
    redis: Redis, printing: ThreadPoolExecutor, tmp_path: Path
) -> None:
    book = written(redis, seed=5)
    made = begin(printing, redis, book, tmp_path)
    pictures = [picture_id(book, page) for page in STORY.pages]
    for job_id in pictures:
        draw(redis, job_id, Shelf(tmp_path))
    first = made.result(20)
    transitions.hand_back(redis, book, "test")
    again = claim(redis, book.id)
    second = begin(printing, redis, again, tmp_path).result(20)
    assert [state(redis, job_id).attempts for job_id in pictures] == [1, 1]
    assert [file.sha256 for file in first.artifacts[1:]] == [
        file.sha256 for file in second.artifacts[1:]
    ]
    assert [picture["seed"] for picture in second.result["pictures"]] == [5, 6]


def test_a_books_largest_seed_gives_every_picture_a_seed_it_may_have(
    redis: Redis, printing: ThreadPoolExecutor, tmp_path: Path
) -> None:
    book = written(redis, seed=SEEDS - 1)
    begin(printing, redis, book, tmp_path)
    ordered = [picture_id(book, page) for page in STORY.pages]
    seeds = [job.request.seed for job in transitions.get_many(redis, ordered)]
    assert seeds == [SEEDS - 1, *range(len(ordered) - 1)]
    cancel(redis, book.id)
