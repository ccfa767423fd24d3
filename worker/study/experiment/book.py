"""One storybook without a queue: story thread and engine thread in one process, as in workers.

What is ordered when is `worker/strategy.py`'s choice and what of `worker/commission.py`'s; the
text comes from the real decoder, the pictures from the real engine.
"""

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from services.contract.jobs import ImageRequest as Ordered
from services.contract.jobs import Job, Status, StorybookRequest
from services.contract.story import Page
from worker.batching.engine import Engine
from worker.batching.request import Drawing, ImageRequest
from worker.commission import Commission, commissions
from worker.language.model import LanguageModel
from worker.language.scene import Vocabulary
from worker.strategy import Standing, due
from worker.study.experiment import book_text
from worker.study.experiment.book_setting import BookSetting

JOB_ID = "0" * 32


class GivenUp(RuntimeError):
    """The book's other thread failed, or somebody stopped the study."""


@dataclass(frozen=True)
class Workshop:
    """The models of both workers, loaded."""

    engine: Engine
    model: LanguageModel
    vocabulary: Vocabulary | None
    captions: Sequence[str]
    seed: int

    def make(self, setting: BookSetting, number: int) -> "Made":
        """Make book `number`, of the caption of that number; raises what either thread raises."""
        caption = self.captions[number % len(self.captions)]
        return _Book(self, setting, _job(setting, caption, self.seed + number)).make()


@dataclass(frozen=True)
class Made:
    """Seconds from the order of a book to its text, its first picture, and all of it."""

    seconds: float
    text_seconds: float
    first_picture_seconds: float


@dataclass
class _Book:
    workshop: Workshop
    setting: BookSetting
    job: Job
    _pages: list[Page] = field(default_factory=list)
    _ordered: list[Commission] = field(default_factory=list)
    _drawn: dict[str, Drawing] = field(default_factory=dict)
    _times: dict[str, float] = field(default_factory=dict)
    _stopped: threading.Event = field(default_factory=threading.Event)
    _news: queue.SimpleQueue[Page | Future[Any]] = field(default_factory=queue.SimpleQueue)
    """Pages as they are complete, and futures of text and pictures as they are done"""

    def make(self) -> Made:
        began = time.perf_counter()
        with ThreadPoolExecutor(1, "story") as pool:
            try:
                text = pool.submit(self._write)
                text.add_done_callback(self._news.put)
                while not ("text" in self._times and len(self._drawn) == self.setting.batch):
                    self._hear(self._news.get(), text)
            finally:
                self._stopped.set()
        times = {name: round(at - began, 6) for name, at in self._times.items()}
        return Made(max(times.values()), times["text"], times["first"])

    def _write(self) -> None:
        caption = self.job.request.prompt
        book_text.write(
            self.workshop.model,
            self.setting,
            caption,
            self.job.seed,
            self._news.put,
            self._interrupted,
        )

    def _interrupted(self) -> BaseException | None:
        return GivenUp("the book is given up") if self._stopped.is_set() else None

    def _hear(self, news: Page | Future[Any], text: Future[None]) -> None:
        now = time.perf_counter()
        if isinstance(news, Page):
            self._pages.append(news)
        elif news is text:
            news.result()
            self._times["text"] = now
        else:
            self._keep(news.result(), now)
        self._order(complete="text" in self._times)

    def _keep(self, drawn: tuple[str, Drawing], now: float) -> None:
        job_id, drawing = drawn
        self._drawn[job_id] = drawing
        self._times.setdefault("first", now)
        self._times["last"] = now

    def _order(self, *, complete: bool) -> None:
        strategy = self.setting.strategy
        standing = Standing(len(self._pages), complete, len(self._ordered), len(self._drawn))
        wanted = commissions(self.job, self._pages, strategy, self.workshop.vocabulary)
        for position in due(strategy, standing):
            self._submit(wanted[position])

    def _submit(self, wanted: Commission) -> None:
        self._ordered.append(wanted)
        request = self._request(wanted.request)
        picture = self.workshop.engine.submit(request, interrupted=self._interrupted)
        picture.add_done_callback(partial(self._tell, wanted.job_id))

    def _tell(self, job_id: str, picture: Future[Drawing]) -> None:
        done: Future[tuple[str, Drawing]] = Future()
        if error := picture.exception():
            done.set_exception(error)
        else:
            done.set_result((job_id, picture.result()))
        self._news.put(done)

    def _request(self, asked: Ordered) -> ImageRequest:
        before = self._drawn[asked.start_from].picture if asked.start_from else None
        return ImageRequest(
            prompt=asked.prompt,
            width=asked.width,
            height=asked.height,
            seed=asked.seed or 0,
            level=self.setting.level,
            start=before,
            strength=asked.strength if before else 1.0,
        )


def _job(setting: BookSetting, caption: str, seed: int) -> Job:
    request = StorybookRequest(
        kind="storybook",
        prompt=caption,
        pages=setting.batch,
        width=setting.size,
        height=setting.size,
        seed=seed,
    )
    return Job(
        id=JOB_ID,
        kind="storybook",
        queue="stories",
        status=Status.RUNNING,
        priority="normal",
        request=request,
        created_at=0,
        queued_at=0,
    )
