"""What a worker does for a story job: from the claim to the outcome."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.contract.jobs import Status, StorybookRequest, StoryRequest
from services.contract.story import Page, Story
from services.contract.transitions import Outcome
from worker.artifacts import Shelf
from worker.claims import Claim
from worker.language.model import LanguageModel
from worker.language.scene import Vocabulary
from worker.levels import Levels
from worker.narrate import StoryOrder, narrate

DESK_POLL_SECONDS = 0.1

OnPage = Callable[[str, Page], None]
"""Told the title and each page as soon as it is complete; what it raises ends the writing."""


class Desk:
    """Where stories are written, one at a time; the level is chosen when the writing starts."""

    def __init__(self, model: LanguageModel, levels: Levels, vocabulary: Vocabulary | None) -> None:
        self._model = model
        self._levels = levels
        self._vocabulary = vocabulary
        self._free = threading.Lock()

    def write(self, claim: Claim, on_page: OnPage | None = None) -> tuple[Story, float]:
        """The job's story, each page told as it comes, and the seconds that the writing took."""
        request: StoryRequest | StorybookRequest = claim.job.request
        with self._taken(claim.interrupted):
            started = time.monotonic()
            level = self._levels.resolve(claim.job)
            claim.start(level)
            story = narrate(
                self._model,
                StoryOrder(
                    prompt=request.prompt,
                    pages=request.pages,
                    max_tokens=request.max_tokens or level.level.story.max_tokens,
                    seed=claim.job.seed,
                ),
                on_page=_tell_pages(claim, on_page),
                on_token=lambda done, most: claim.progress("writing", done, most),
                interrupted=claim.interrupted,
                vocabulary=self._vocabulary,
            )
            return story, time.monotonic() - started

    @contextmanager
    def _taken(self, interrupted: Callable[[], Exception | None]) -> Iterator[None]:
        while not self._free.acquire(timeout=DESK_POLL_SECONDS):
            if (reason := interrupted()) is not None:
                raise reason
        try:
            yield
        finally:
            self._free.release()


def _tell_pages(claim: Claim, on_page: OnPage | None) -> OnPage:
    def tell(title: str, page: Page) -> None:
        claim.report("page", {"title": title, **page.model_dump()})
        if on_page is not None:
            on_page(title, page)

    return tell


def perform_story(claim: Claim, desk: Desk, shelf: Shelf) -> Outcome:
    """Write a story and put it out as story.json."""
    story, seconds = desk.write(claim)
    return Outcome(
        Status.SUCCEEDED,
        result={"story": story.model_dump(mode="json"), "seed": claim.job.seed},
        artifacts=(shelf.put(claim.job, "story.json", story.model_dump_json(indent=2).encode()),),
        service_seconds=seconds,
    )
