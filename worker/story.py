"""What a worker does for a story job: from the claim to the outcome."""

from collections.abc import Callable
from dataclasses import dataclass

from services.contract.jobs import PRIORITIES, Status, StorybookRequest, StoryRequest
from services.contract.ladder import StoryLevel
from services.contract.story import Page, Story
from services.contract.transitions import Outcome, Service
from worker.artifacts import Shelf
from worker.claims import Claim
from worker.language.model import LanguageModel
from worker.language.scene import Vocabulary
from worker.levels import Levels
from worker.narrate import StoryOrder, narrate
from worker.places import Places
from worker.sharing import Sharing
from worker.variants import Variants

OnPage = Callable[[str, Page], None]
"""Told the title and each page as soon as it is complete; what it raises ends the writing."""


@dataclass(frozen=True)
class Written:
    """A story; the seconds of the clock that its writing took, without the wait for a place; and
    its share of the desk's time, which stories that are written together divide among them."""

    story: Story
    seconds: float
    share: float

    def service(self, claim: Claim) -> Service:
        """For estimates of what writing takes, at the level that the claim got."""
        return Service(self.share, self.seconds, claim.level.level.story.digest)


class Desk:
    """Where stories are written, up to `places` of them together; the others wait, first by their
    priority and then as they came. The level is chosen when the writing starts;
    `usual` is the precision that its `auto` stands for."""

    def __init__(
        self,
        models: Variants[LanguageModel],
        levels: Levels,
        vocabulary: Vocabulary | None,
        places: int,
        usual: str,
    ) -> None:
        self._models = models
        self._levels = levels
        self._vocabulary = vocabulary
        self._places = Places(places)
        self._usual = usual
        self._sharing = Sharing()

    def write(self, claim: Claim, on_page: OnPage | None = None) -> Written:
        """The job's story, each page told as it comes, and the time it took."""
        rank = PRIORITIES.index(claim.job.priority)
        with self._places.taken(rank, claim.interrupted), self._sharing.part() as spent:
            level = self._levels.resolve(claim.job)
            claim.start(level)
            story = self._narrated(claim, level.level.story, _tell_pages(claim, on_page))
            service = spent()
            return Written(story, service.elapsed, service.share)

    def _narrated(self, claim: Claim, level: StoryLevel, tell: OnPage) -> Story:
        precision = self._usual if level.precision == "auto" else level.precision
        with self._models.lease(precision) as model:
            return narrate(
                model,
                _order(claim, level),
                on_page=tell,
                on_token=lambda done, most: claim.progress("writing", done, most),
                interrupted=claim.interrupted,
                vocabulary=self._vocabulary,
            )


def _order(claim: Claim, level: StoryLevel) -> StoryOrder:
    request: StoryRequest | StorybookRequest = claim.job.request
    return StoryOrder(
        prompt=request.prompt,
        pages=request.pages,
        max_tokens=request.max_tokens or level.max_tokens,
        seed=claim.job.seed,
        page_sentences=level.page_sentences,
    )


def _tell_pages(claim: Claim, on_page: OnPage | None) -> OnPage:
    def tell(title: str, page: Page) -> None:
        claim.report("page", {"title": title, **page.model_dump()})
        if on_page is not None:
            on_page(title, page)

    return tell


def perform_story(claim: Claim, desk: Desk, shelf: Shelf) -> Outcome:
    """Write a story and put it out as story.json."""
    written = desk.write(claim)
    story = written.story
    return Outcome(
        Status.SUCCEEDED,
        result={"story": story.model_dump(mode="json"), "seed": claim.job.seed},
        artifacts=(shelf.put(claim.job, "story.json", story.model_dump_json(indent=2).encode()),),
        service=written.service(claim),
    )
