"""A storybook: its text here, its pictures as jobs of their own, and at the end one bound file.

Whatever is finished is in the records, so an attempt that breaks off is taken up by the next
one: a text that was finished is not written again, a picture that it still wants is not drawn
again.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from services.contract.jobs import Job, Status
from services.contract.story import Page, Story
from services.contract.transitions import Outcome
from worker.bind import bind
from worker.children import Pictures, Printer
from worker.claims import Claim
from worker.story import Desk, Written
from worker.strategy import chosen


@dataclass(frozen=True)
class Making:
    """A book whose parts are all there, and the seconds that the whole took."""

    text: Written
    pictures: list[Job]
    total_seconds: float

    @property
    def story(self) -> Story:
        """The text's."""
        return self.text.story


def perform_storybook(claim: Claim, desk: Desk, printer: Printer) -> Outcome:
    """Write the story, have its pictures drawn, and bind both as storybook.html."""
    started = time.monotonic()
    pictures = Pictures(claim, printer)
    text = _written(claim) or _write(claim, desk, pictures)
    drawn = pictures.collect(text.story)
    return _bound(claim, printer, Making(text, drawn, time.monotonic() - started))


def _written(claim: Claim) -> Written | None:
    """The story of an earlier attempt, whose text was finished."""
    result = claim.job.result
    if not result:
        return None
    claim.level = claim.job.level
    story = Story.model_validate(result["story"])
    return Written(story, result["text_seconds"], result["text_share_seconds"])


def _write(claim: Claim, desk: Desk, pictures: Pictures) -> Written:
    written = desk.write(claim, on_page=_following(pictures))
    result = {
        "story": written.story.model_dump(mode="json"),
        "text_seconds": written.seconds,
        "text_share_seconds": written.share,
    }
    claim.report("written", {"title": written.story.title}, result=result)
    return written


def _following(pictures: Pictures) -> Callable[[str, Page], None]:
    pages: list[Page] = []

    def follow(_title: str, page: Page) -> None:
        pages.append(page)
        pictures.follow(pages)

    return follow


def _bound(claim: Claim, printer: Printer, making: Making) -> Outcome:
    files = [printer.shelf.read(job.artifacts[0]) for job in making.pictures]
    result = _result(claim, making)
    html = bind(making.story, files, _colophon(claim, result))
    put = printer.shelf.put
    return Outcome(
        Status.SUCCEEDED,
        result=result,
        artifacts=(
            put(claim.job, "storybook.html", html.encode()),
            put(claim.job, "story.json", making.story.model_dump_json(indent=2).encode()),
            *(put(claim.job, f"image-{index}.png", data) for index, data in enumerate(files)),
        ),
        service=making.text.service(claim),
    )


def _result(claim: Claim, making: Making) -> dict[str, Any]:
    strategy = chosen(claim.job.request, claim.level)
    return {
        "story": making.story.model_dump(mode="json"),
        "seed": claim.job.seed,
        "strategy": strategy.name,
        "strategy_reason": strategy.reason,
        "text_seconds": round(making.text.seconds, 3),
        "first_picture_seconds": round(_first_picture_seconds(claim.job, making.pictures), 3),
        "total_seconds": round(making.total_seconds, 3),
        "pictures": [
            _entry(page, job) for page, job in zip(making.story.pages, making.pictures, strict=True)
        ],
    }


def _first_picture_seconds(book: Job, pictures: list[Job]) -> float:
    """From the attempt's start; 0 where an earlier attempt had it drawn."""
    return max(0.0, min(job.finished_at for job in pictures) - book.started_at)


def _entry(page: Page, job: Job) -> dict[str, Any]:
    return {
        "page": page.number,
        "job": job.id,
        "level": job.level.name,
        "seed": job.request.seed,
        "seconds": round(job.finished_at - job.started_at, 3),
    }


def _colophon(claim: Claim, result: dict[str, Any]) -> dict[str, str]:
    levels = sorted({picture["level"] for picture in result["pictures"]})
    return {
        "Asked for": claim.job.request.prompt,
        "Written at level": claim.level.name,
        "Drawn at level": ", ".join(levels),
        "Strategy": result["strategy"],
        "Seed": str(result["seed"]),
        "Text": f"{result['text_seconds']:.1f} s",
        "First picture": f"{result['first_picture_seconds']:.1f} s",
        "Whole book": f"{result['total_seconds']:.1f} s",
    }
