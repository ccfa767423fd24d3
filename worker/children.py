"""A book's pictures as jobs of their own: ordered when they are due, heard of when drawn."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis import Redis

from services.contract import events, transitions
from services.contract.jobs import Job, Status
from services.contract.ladder import Strategy
from services.contract.story import Page, Story
from services.contract.transitions import Admission, Hold
from worker.artifacts import Shelf
from worker.claims import Claim
from worker.commission import Commission, commissions
from worker.interruptions import Cancelled, LeaseLost
from worker.language.scene import Vocabulary
from worker.strategy import Standing, chosen, due

BLOCK_SECONDS = 0.5
GLANCE_SECONDS = 0.001


class PictureFailed(RuntimeError):
    """A picture of the book could not be drawn, so the book cannot be bound."""


@dataclass(frozen=True)
class Printer:
    """What turns a story into a book: the queue for its pictures, the shelf, and the words of an
    illustrator that does not know all (see commission.commissions)."""

    redis: Redis
    shelf: Shelf
    publish: Callable[[Job], None]
    retention_seconds: float
    vocabulary: Vocabulary | None = None


class Pictures:
    """The pictures of one book, in one attempt at it.

    Its methods raise PictureFailed when a picture does not come, or the reason to stop.
    """

    def __init__(self, claim: Claim, printer: Printer) -> None:
        self._claim = claim
        self._printer = printer
        self._redis = printer.redis
        self._ordered: list[str] = []
        self._awaited: dict[str, str] = {}
        """Job ids, and the last event heard of each"""

    def follow(self, pages: Sequence[Page]) -> None:
        """Order what is due while the text is being written; `pages` are those written so far."""
        self._hear(GLANCE_SECONDS)
        self._order(pages, complete=False)

    def collect(self, story: Story) -> list[Job]:
        """The finished jobs of all pictures, in the order of the pages; blocks until then."""
        self._disown(story)
        self._go_on(story)
        while self._awaited:
            self._stop_if_interrupted()
            if self._hear(BLOCK_SECONDS):
                self._go_on(story)
        return self._kept()

    def _kept(self) -> list[Job]:
        pictures = transitions.get_many(self._redis, self._ordered)
        if gone := len(self._ordered) - len(pictures):
            raise PictureFailed(
                f"{gone} of {len(self._ordered)} pictures expired before the book was bound. "
                "Raise STORYTELLER_RETENTION_SECONDS and submit the book again"
            )
        return pictures

    def _stop_if_interrupted(self) -> None:
        if (reason := self._claim.interrupted()) is not None:
            raise reason

    @property
    def _drawn(self) -> int:
        return len(self._ordered) - len(self._awaited)

    def _go_on(self, story: Story) -> None:
        self._order(story.pages, complete=True)
        self._claim.progress("drawing", self._drawn, len(story.pages))

    @property
    def _strategy(self) -> Strategy:
        return chosen(self._claim.job.request, self._claim.level).name

    def _commissions(self, pages: Sequence[Page]) -> list[Commission]:
        vocabulary = self._printer.vocabulary
        return commissions(self._claim.job, pages, self._strategy, vocabulary)

    def _order(self, pages: Sequence[Page], *, complete: bool) -> None:
        standing = Standing(len(pages), complete, len(self._ordered), self._drawn)
        wanted = self._commissions(pages)
        self._stop_if_interrupted()
        for position in due(self._strategy, standing):
            self._accept(wanted[position])

    def _accept(self, commission: Commission) -> None:
        remaining = {"deadline_seconds": self._claim.remaining_seconds()}
        request = commission.request.model_copy(update=remaining)
        try:
            job_id, new = transitions.accept(self._redis, request, self._terms(commission))
        except transitions.Orphaned as error:
            raise self._claim.interrupted() or Cancelled(str(error)) from error
        if new and (job := transitions.get(self._redis, job_id)):
            self._printer.publish(job)
        self._ordered.append(job_id)
        self._awaited[job_id] = events.BEGINNING
        self._claim.report("ordered", {"page": commission.page, "job": job_id})

    def _terms(self, commission: Commission) -> Admission:
        return Admission(
            capacity=0,
            retention_seconds=self._printer.retention_seconds,
            parent=self._claim.job.id,
            job_id=commission.job_id,
        )

    def _hear(self, seconds: float) -> bool:
        """Wait so long for news of any picture, and tell of those drawn; whether there are any."""
        if not self._awaited:
            return False
        before = self._drawn
        news = events.read(self._redis, self._awaited, block_seconds=seconds)
        for job_id, batch in news.items():
            self._awaited[job_id] = batch[-1].id
            if batch[-1].last:
                self._tell(job_id)
                del self._awaited[job_id]
        return self._drawn > before

    def _tell(self, job_id: str) -> None:
        job = transitions.get(self._redis, job_id)
        if job is None or job.status is not Status.SUCCEEDED:
            raise self._missing(job_id, job)
        told = {"job": job_id, "prompt": job.request.prompt, "level": job.level.name}
        self._claim.report("picture", told)

    def _missing(self, job_id: str, picture: Job | None) -> Exception:
        """Why a picture did not come. It ends with its book, often before the book hears of it."""
        book = transitions.get(self._redis, self._claim.job.id)
        if book is None or book.cancel_requested:
            return Cancelled("the job was cancelled")
        if (reason := self._claim.interrupted()) is not None:
            return reason
        why = _reason(picture)
        return PictureFailed(f"the picture {job_id} did not come: {why}. Submit the book again")

    def _disown(self, story: Story) -> None:
        """Cancel what an earlier attempt ordered for a text that is not the book's."""
        wanted = [commission.job_id for commission in self._commissions(story.pages)]
        retention = self._printer.retention_seconds
        book = self._claim.job
        if transitions.disown(self._redis, book, wanted, retention=retention) is Hold.LOST:
            raise LeaseLost("the job has another owner now")


def _reason(picture: Job | None) -> str:
    if picture is None:
        return "its record is gone"
    return picture.error.message if picture.error else picture.status.value
