"""What is ordered of the image workers for a book: a request for each page, and its job's id.

The id follows from the book and from what decides the picture, so another attempt at the book
finds the pictures that it still wants, and never binds one that it does not.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from services.contract.jobs import SEEDS, ImageRequest, Job
from services.contract.ladder import Strategy
from services.contract.story import Page
from worker.continuity import relit, with_caption, with_light
from worker.language.scene import Vocabulary

NAMESPACE = uuid.UUID("b7a3c2de-6f0b-4c56-9d0e-0f6a3a1f2c11")


@dataclass(frozen=True)
class Commission:
    """A picture to be drawn: its page's number, the id of its job, and what is asked for."""

    page: int
    job_id: str
    request: ImageRequest


def commissions(
    book: Job, pages: Sequence[Page], strategy: Strategy, vocabulary: Vocabulary | None = None
) -> list[Commission]:
    """The pictures of the pages, in their order; the same in every attempt with this text.

    `vocabulary` is that of an illustrator which knows certain words alone.
    """
    made: list[Commission] = []
    for page in pages:
        request = _request(book, page)
        if strategy == "autoregressive" and made:
            before = pages[len(made) - 1], made[-1]
            request = request.model_copy(update=_going_on(page, *before, vocabulary))
        made.append(Commission(page.number, _job_id(book, page, request), request))
    return made


def _going_on(
    page: Page, previous: Page, drawn: Commission, vocabulary: Vocabulary | None
) -> dict[str, str | float]:
    """The fields that make a picture go on from the one before."""
    start = {"start_from": drawn.job_id}
    if vocabulary is None:
        return start | {"prompt": with_caption(page, previous)}
    prompt = with_light(page, drawn.request.prompt, vocabulary)
    anew = {"strength": 1.0} if relit(prompt, drawn.request.prompt, vocabulary) else {}
    return start | {"prompt": prompt} | anew


def _request(book: Job, page: Page) -> ImageRequest:
    asked = book.request
    return ImageRequest(
        kind="image",
        prompt=page.illustration,
        seed=(book.seed + page.number - 1) % SEEDS,
        level=asked.level,
        priority=book.priority,
        width=asked.width,
        height=asked.height,
        guidance_scale=asked.guidance_scale,
        negative_prompt=asked.negative_prompt,
    )


def _job_id(book: Job, page: Page, request: ImageRequest) -> str:
    decisive = f"{book.id}/{page.number}/{request.start_from or ''}/{request.prompt}"
    return uuid.uuid5(NAMESPACE, decisive).hex
