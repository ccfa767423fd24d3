"""A storybook: its text here, its pictures as jobs of their own, and at the end one bound file.

The pictures' ids follow from the book's, and whatever is finished is in the records, so an
attempt that breaks off is taken up by the next one: nothing is written or drawn twice.
"""

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from redis import Redis

from services.contract import events, transitions
from services.contract.jobs import SEEDS, ImageRequest, Job, Status, StorybookRequest
from services.contract.story import Page, Story
from services.contract.transitions import Admission, Outcome
from worker.artifacts import Shelf
from worker.bind import bind
from worker.claims import Claim
from worker.interruptions import Cancelled
from worker.story import Desk

BLOCK_SECONDS = 0.5
NAMESPACE = uuid.UUID("b7a3c2de-6f0b-4c56-9d0e-0f6a3a1f2c11")


class PictureFailed(RuntimeError):
    """A picture of the book could not be drawn, so the book cannot be bound."""


@dataclass(frozen=True)
class Printer:
    """What turns a story into a book: the queue for its pictures, and the shelf."""

    redis: Redis
    shelf: Shelf
    publish: Callable[[Job], None]
    retention_seconds: float


def perform_storybook(claim: Claim, desk: Desk, printer: Printer) -> Outcome:
    """Write the story, have its pictures drawn, and bind both as storybook.html."""
    started = time.monotonic()
    story, seconds = _written(claim) or _write(claim, desk)
    try:
        pictures = _pictures(claim, story, printer)
    except PictureFailed:
        _cancel_pictures(claim.job, story, printer)
        raise
    return _bound(claim, story, pictures, printer, (seconds, time.monotonic() - started))


def _written(claim: Claim) -> tuple[Story, float] | None:
    """The story of an earlier attempt, whose text was finished."""
    if not claim.job.result:
        return None
    claim.level = claim.job.level
    return Story.model_validate(claim.job.result["story"]), claim.job.result["text_seconds"]


def _write(claim: Claim, desk: Desk) -> tuple[Story, float]:
    story, seconds = desk.write(claim)
    result = {"story": story.model_dump(mode="json"), "text_seconds": seconds}
    claim.report("written", {"title": story.title}, result=result)
    return story, seconds


def _pictures(claim: Claim, story: Story, printer: Printer) -> list[Job]:
    """The finished picture jobs, in the order of the pages."""
    finished: list[Job] = []
    for batch in _batches(claim.job.request, story.pages):
        wanted = [_order(claim, page, printer) for page in batch]
        finished += _drawn(claim, wanted, printer, total=len(story.pages), before=len(finished))
    return finished


def _batches(request: StorybookRequest, pages: tuple[Page, ...]) -> Iterable[tuple[Page, ...]]:
    """Pages whose pictures are ordered together."""
    return [pages] if request.strategy == "parallel" else [(page,) for page in pages]


def picture_id(book: Job, page: Page) -> str:
    """The id of a page's picture job: the same in every attempt at the book."""
    return uuid.uuid5(NAMESPACE, f"{book.id}/{page.number}").hex


def picture_seed(book: Job, page: Page) -> int:
    """The seed of a page's picture: the book's and those that follow it."""
    return (book.seed + page.number - 1) % SEEDS


def _order(claim: Claim, page: Page, printer: Printer) -> str:
    book, request = claim.job, claim.job.request
    picture = ImageRequest(
        kind="image",
        prompt=page.illustration,
        seed=picture_seed(book, page),
        level=request.level,
        priority=request.priority,
        deadline_seconds=claim.remaining_seconds(),
        width=request.width,
        height=request.height,
        guidance_scale=request.guidance_scale,
        negative_prompt=request.negative_prompt,
    )
    terms = Admission(
        capacity=0,
        retention_seconds=printer.retention_seconds,
        parent=book.id,
        job_id=picture_id(book, page),
    )
    try:
        job_id, new = transitions.accept(printer.redis, picture, terms)
    except transitions.Orphaned as error:
        raise claim.interrupted() or Cancelled(str(error)) from error
    if new and (job := transitions.get(printer.redis, job_id)):
        printer.publish(job)
    claim.report("ordered", {"page": page.number, "job": job_id})
    return job_id


def _drawn(
    claim: Claim, wanted: list[str], printer: Printer, *, total: int, before: int
) -> list[Job]:
    """The wanted jobs once all are finished; a page's picture is told as it comes."""
    for count, job in enumerate(_as_finished(claim, wanted, printer.redis), start=before + 1):
        if job.status is not Status.SUCCEEDED:
            raise _missing(claim, job, printer.redis)
        claim.progress("drawing", count, total)
        claim.report(
            "picture", {"job": job.id, "prompt": job.request.prompt, "level": job.level.name}
        )
    return transitions.get_many(printer.redis, wanted)


def _missing(claim: Claim, picture: Job, redis: Redis) -> Exception:
    """Why a picture did not come. It ends with its book, and often before the book hears of it."""
    book = transitions.get(redis, claim.job.id)
    if book is None or book.cancel_requested:
        return Cancelled("the job was cancelled")
    if (reason := claim.interrupted()) is not None:
        return reason
    why = picture.error.message if picture.error else picture.status.value
    return PictureFailed(f"the picture {picture.id} did not come: {why}. Submit the book again")


def _as_finished(claim: Claim, wanted: list[str], redis: Redis) -> Iterator[Job]:
    seen = dict.fromkeys(wanted, events.BEGINNING)
    while seen:
        if (reason := claim.interrupted()) is not None:
            raise reason
        for job_id, batch in events.read(redis, seen, block_seconds=BLOCK_SECONDS).items():
            seen[job_id] = batch[-1].id
            if batch[-1].last:
                del seen[job_id]
                yield from transitions.get_many(redis, [job_id])


def _cancel_pictures(book: Job, story: Story, printer: Printer) -> None:
    for page in story.pages:
        transitions.cancel(
            printer.redis, picture_id(book, page), retention=printer.retention_seconds
        )


def _bound(
    claim: Claim, story: Story, pictures: list[Job], printer: Printer, seconds: tuple[float, float]
) -> Outcome:
    files = [printer.shelf.read(job.artifacts[0]) for job in pictures]
    result = _result(claim, story, pictures, seconds)
    html = bind(story, files, _colophon(claim, result))
    put = printer.shelf.put
    return Outcome(
        Status.SUCCEEDED,
        result=result,
        artifacts=(
            put(claim.job, "storybook.html", html.encode()),
            put(claim.job, "story.json", story.model_dump_json(indent=2).encode()),
            *(put(claim.job, f"image-{index}.png", data) for index, data in enumerate(files)),
        ),
        service_seconds=seconds[0],
    )


def _result(
    claim: Claim, story: Story, pictures: list[Job], seconds: tuple[float, float]
) -> dict[str, Any]:
    return {
        "story": story.model_dump(mode="json"),
        "seed": claim.job.seed,
        "strategy": claim.job.request.strategy,
        "text_seconds": round(seconds[0], 3),
        "total_seconds": round(seconds[1], 3),
        "pictures": [
            {
                "page": page.number,
                "job": job.id,
                "level": job.level.name if job.level else None,
                "seed": job.request.seed,
                "seconds": round(job.finished_at - job.started_at, 3),
            }
            for page, job in zip(story.pages, pictures, strict=True)
        ],
    }


def _colophon(claim: Claim, result: dict[str, Any]) -> dict[str, str]:
    levels = sorted({picture["level"] for picture in result["pictures"]})
    return {
        "Asked for": claim.job.request.prompt,
        "Written at level": claim.level.name if claim.level else "",
        "Drawn at level": ", ".join(levels),
        "Seed": str(result["seed"]),
        "Text": f"{result['text_seconds']:.1f} s",
        "Whole book": f"{result['total_seconds']:.1f} s",
    }
