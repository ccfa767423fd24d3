"""What is ordered for a book: whose seeds, which jobs, and when."""

import pytest
from redis import Redis

from services.contract import policy
from services.contract.jobs import SEEDS, ImageRequest, Job
from services.contract.ladder import AppliedLevel, StorybookLevel
from tests.conftest import ROOT
from tests.services.contract.making import running
from tests.worker.press import CAPTIONS, story
from worker.commission import commissions
from worker.continuity import with_caption
from worker.language.scene import load_vocabulary
from worker.strategy import Standing, chosen, due

PAGES = story(*CAPTIONS).pages
STRENGTH = ImageRequest.model_fields["strength"].default
VOCABULARY = load_vocabulary(ROOT / "models" / "vocabulary.json")
LADDER = policy.load(ROOT / "policy.toml")


@pytest.fixture
def book(redis: Redis) -> Job:
    """A running book with a seed."""
    return running(redis, "storybook", seed=5, width=64, guidance_scale=2.0, negative_prompt="rain")


def ids(book: Job, captions: tuple[str, ...], strategy: str = "parallel") -> list[str]:
    """The picture jobs of a story with these captions."""
    return [made.job_id for made in commissions(book, story(*captions).pages, strategy)]


def test_a_picture_is_asked_for_as_the_book_was(book: Job) -> None:
    asked = [made.request for made in commissions(book, PAGES, "parallel")]
    assert [picture.prompt for picture in asked] == list(CAPTIONS)
    assert [picture.seed for picture in asked] == [5, 6, 7]
    options = {(p.width, p.height, p.guidance_scale, p.negative_prompt) for p in asked}
    assert options == {(64, None, 2.0, "rain")}
    assert {picture.start_from for picture in asked} == {None}


def test_a_books_largest_seed_gives_every_picture_a_seed_it_may_have(redis: Redis) -> None:
    book = running(redis, "storybook", seed=SEEDS - 1)
    seeds = [made.request.seed for made in commissions(book, PAGES, "pipelined")]
    assert seeds == [SEEDS - 1, 0, 1]


def test_the_same_text_has_the_same_pictures_page_by_page(book: Job) -> None:
    whole = ids(book, CAPTIONS)
    assert [ids(book, CAPTIONS[:count])[-1] for count in (1, 2, 3)] == whole
    assert len(set(whole)) == 3
    assert ids(book, CAPTIONS, "sequential") == whole


def test_another_text_has_other_pictures_where_it_differs(book: Job) -> None:
    other = (CAPTIONS[0], "a bear in a room", CAPTIONS[2])
    same = [mine == its for mine, its in zip(ids(book, CAPTIONS), ids(book, other), strict=True)]
    assert same == [True, False, True]


def test_in_a_chain_all_that_follows_another_picture_differs(book: Job) -> None:
    other = (CAPTIONS[0], "a bear in a room", CAPTIONS[2])
    mine, its = (ids(book, captions, "autoregressive") for captions in (CAPTIONS, other))
    assert [one == two for one, two in zip(mine, its, strict=True)] == [True, False, False]


def test_two_pages_with_one_caption_are_two_pictures(book: Job) -> None:
    assert len(set(ids(book, ("a fox", "a fox")))) == 2


def test_a_chain_goes_on_from_picture_and_caption(book: Job) -> None:
    made = commissions(book, PAGES, "autoregressive")
    assert [picture.request.start_from for picture in made] == [
        None,
        made[0].job_id,
        made[1].job_id,
    ]
    assert made[0].request.prompt == CAPTIONS[0]
    assert made[2].request.prompt == with_caption(PAGES[2], PAGES[1])


def test_with_a_vocabulary_the_light_goes_on_until_a_page_names_another(book: Job) -> None:
    captions = (
        "a fox in the snow at night",
        "a fox in the forest",
        "a fox on the beach",
        "a fox on the beach at sunset",
    )
    made = commissions(book, story(*captions).pages, "autoregressive", VOCABULARY)
    assert [picture.request.prompt for picture in made] == [
        captions[0],
        f"{captions[1]} at night",
        f"{captions[2]} at night",
        captions[3],
    ]
    assert [picture.request.strength for picture in made[1:]] == [STRENGTH, STRENGTH, 1.0]


@pytest.mark.parametrize(
    ("strategy", "standing", "positions"),
    [
        ("sequential", Standing(2, False, 0, 0), []),
        ("sequential", Standing(3, True, 0, 0), [0]),
        ("sequential", Standing(3, True, 1, 0), []),
        ("sequential", Standing(3, True, 1, 1), [1]),
        ("sequential", Standing(3, True, 3, 3), []),
        ("parallel", Standing(2, False, 0, 0), []),
        ("parallel", Standing(3, True, 0, 0), [0, 1, 2]),
        ("parallel", Standing(3, True, 3, 1), []),
        ("pipelined", Standing(1, False, 0, 0), [0]),
        ("pipelined", Standing(2, False, 1, 0), [1]),
        ("pipelined", Standing(3, True, 0, 0), [0, 1, 2]),
        ("autoregressive", Standing(1, False, 0, 0), [0]),
        ("autoregressive", Standing(2, False, 1, 0), []),
        ("autoregressive", Standing(2, False, 1, 1), [1]),
        ("autoregressive", Standing(3, True, 1, 1), [1]),
    ],
)
def test_what_is_due(strategy: str, standing: Standing, positions: list[int]) -> None:
    assert list(due(strategy, standing)) == positions


def test_a_strategy_is_the_requests_or_the_levels(redis: Redis) -> None:
    best = LADDER.levels[0].model_copy(update={"storybook": StorybookLevel(strategy="parallel")})
    applied = AppliedLevel(index=0, level=best, version=1, reason="test")
    silent, asking = (
        running(redis, "storybook", strategy=strategy).request for strategy in (None, "sequential")
    )
    assert chosen(silent, applied).name == "parallel"
    assert best.name in chosen(silent, applied).reason
    assert chosen(asking, applied).name == "sequential"
