"""Stories from a tiny random model, which writes nonsense, and from the real one."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
import torch

from services.contract.story import Page, Story
from tests.conftest import missing
from tests.worker.language.tiny import tiny_model
from worker.language.load import load_model
from worker.language.model import LanguageModel
from worker.language.prepare import ModelMissing
from worker.language.scene import load_vocabulary
from worker.language.wording import sentences
from worker.narrate import Budget, StoryError, StoryOrder, narrate

ROOT = Path(__file__).parents[2]
VOCABULARY = load_vocabulary(ROOT / "models" / "vocabulary.json")


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    """The real model too: spinning threads starve one another on a busy machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def chat() -> LanguageModel:
    return tiny_model(chats=True)


@pytest.fixture(scope="module")
def gemma() -> LanguageModel:
    """The default model; the first run converts it, which takes a minute."""
    try:
        return load_model(None, home=ROOT / ".storyteller", device="cpu")
    except ModelMissing as error:
        missing("the default story model", str(error))


class Stop(Exception):
    """What interrupts a story in these tests."""


def _never() -> None:
    return None


def _check(story: Story, order: StoryOrder) -> None:
    assert [page.number for page in story.pages] == list(range(1, order.pages + 1))
    for page in story.pages:
        assert page.text == " ".join(sentences(page.text))
        assert "\n" not in page.text + page.illustration + story.title
    for earlier, later in pairwise(story.pages):
        assert earlier.text != later.text


def _told(model: LanguageModel, order: StoryOrder) -> tuple[Story, list[Page], list[int]]:
    pages: list[Page] = []
    tokens: list[int] = []
    story = narrate(
        model,
        order,
        on_page=lambda _, page: pages.append(page),
        interrupted=_never,
        on_token=lambda done, _: tokens.append(done),
    )
    return story, pages, tokens


def _written_by(model: LanguageModel, order: StoryOrder) -> Story | None:
    """A story whose pages were all told; None where the model was beyond help and said so."""
    try:
        story, pages, _ = _told(model, order)
    except StoryError:
        return None
    assert story.pages == tuple(pages)
    return story


@pytest.mark.parametrize("chats", [True, False])
def test_even_nonsense_becomes_a_whole_story_or_a_clear_error(chats: bool) -> None:
    model = tiny_model(chats=chats)
    orders = [StoryOrder("fox", 2, 160, seed=seed, temperature=1.0) for seed in range(3)]
    written = [(order, _written_by(model, order)) for order in orders]
    for order, story in written:
        if story:
            _check(story, order)
    assert any(story for _, story in written)


def test_a_model_that_writes_nothing_fails_clearly() -> None:
    silent = tiny_model(chats=True)
    with torch.no_grad():
        head = torch.nn.Linear(32, len(silent.tokenizer))
        head.weight.zero_()
        head.bias.zero_()
        head.bias[silent.tokenizer.eos_token_id] = 50.0
    silent.network.set_output_embeddings(head)
    with pytest.raises(StoryError, match="nothing usable after 'Title:' in 6 tries"):
        _told(silent, StoryOrder("a fox"))


def test_a_story_that_waits_for_the_examples_to_be_read_can_be_stopped_there() -> None:
    model = tiny_model(chats=False)
    order = StoryOrder("a fox")
    with model.lock, pytest.raises(Stop):
        narrate(model, order, on_page=_unexpected, interrupted=Stop)
    assert not model.remembered


def test_a_story_that_waits_for_the_examples_to_be_read_holds_up_no_turn() -> None:
    model = tiny_model(chats=False)
    seats: list[int] = []

    def interrupted() -> Stop | None:
        seats.append(model.decoder._seats)
        return Stop() if len(seats) == 2 else None

    with model.lock, pytest.raises(Stop):
        narrate(model, StoryOrder("a fox"), on_page=_unexpected, interrupted=interrupted)
    assert seats == [0, 0]


def test_whoever_reads_the_examples_is_waited_for() -> None:
    model = tiny_model(chats=False)
    seats: list[int] = []
    model.opening("Once there was a fox.", lambda: seats.append(model.decoder._seats))
    assert set(seats) == {1}


def _outcome(model: LanguageModel, order: StoryOrder) -> Story | str:
    """The story, or the error, which tells what every draft was like."""
    try:
        return _told(model, order)[0]
    except StoryError as error:
        return str(error)


def test_stories_written_together_are_those_written_alone(chat: LanguageModel) -> None:
    orders = [StoryOrder("fox", 2, 160, seed=seed, temperature=1.0) for seed in range(4)]
    alone = [_outcome(chat, order) for order in orders]
    with ThreadPoolExecutor(len(orders)) as pool:
        together = list(pool.map(lambda order: _outcome(chat, order), orders))
    assert together == alone


def test_a_page_ends_with_the_sentence_that_the_order_says(gemma: LanguageModel) -> None:
    pages: list[Page] = []
    with pytest.raises(Stop):
        narrate(
            gemma,
            replace(BEARS, page_sentences=1),
            on_page=lambda _, page: pages.append(page),
            interrupted=lambda: Stop() if pages else None,
        )
    assert len(sentences(pages[0].text)) == 1


def _unexpected(title: str, page: Page) -> None:
    raise AssertionError(f"no page was to be written, but {title}, {page}")


def test_the_budget_is_shared_by_the_pages_that_are_left() -> None:
    told: list[tuple[int, int]] = []
    budget = Budget(StoryOrder("x", pages=4, max_tokens=360), lambda *now: told.append(now))
    assert budget.page(4) == 360 // 4 - 20
    for _ in range(200):
        budget.spend()
    assert budget.page(2) == 160 // 2 - 20
    assert budget.page(4) == 24
    assert told[0] == (1, 360)
    assert told[-1] == (200, 360)


def test_a_budget_too_small_for_its_pages_is_raised_to_the_least() -> None:
    assert Budget(StoryOrder("x", pages=12, max_tokens=16), None).total == 16 + 12 * 44


BEARS = StoryOrder("Write a story about a bear who loves honey", pages=2, max_tokens=120, seed=4)


@pytest.fixture(scope="module")
def bears(gemma: LanguageModel) -> tuple[Story, list[tuple[str, Page, int]]]:
    """A book by the real model; its title, page and tokens so far as each page came."""
    came: list[tuple[str, Page, int]] = []
    spent: list[int] = [0]
    story = narrate(
        gemma,
        BEARS,
        on_page=lambda title, page: came.append((title, page, spent[-1])),
        interrupted=_never,
        on_token=lambda done, _: spent.append(done),
        vocabulary=VOCABULARY,
    )
    return story, came


def test_gemma_writes_the_book_asked_for_page_by_page(
    bears: tuple[Story, list[tuple[str, Page, int]]],
) -> None:
    story, came = bears
    _check(story, BEARS)
    assert "bear" in story.pages[0].text.lower()
    assert all(page.illustration.startswith("a bear") for page in story.pages)
    assert [(title, page) for title, page, _ in came] == [(story.title, p) for p in story.pages]
    # The first page is out while the second is still to be written.
    assert came[0][2] < came[1][2]


def test_gemma_writes_the_same_book_for_the_same_seed(
    gemma: LanguageModel, bears: tuple[Story, list[tuple[str, Page, int]]]
) -> None:
    pages: list[Page] = []
    with pytest.raises(Stop):
        narrate(
            gemma,
            BEARS,
            on_page=lambda _, page: pages.append(page),
            interrupted=lambda: Stop() if pages else None,
            vocabulary=VOCABULARY,
        )
    assert pages == [bears[0].pages[0]]


def test_gemma_stops_at_the_token_where_it_is_interrupted(gemma: LanguageModel) -> None:
    spent: list[int] = []
    with pytest.raises(Stop):
        narrate(
            gemma,
            StoryOrder("a fox"),
            on_page=_unexpected,
            interrupted=lambda: Stop() if len(spent) >= 5 else None,
            on_token=lambda done, _: spent.append(done),
        )
    assert len(spent) == 5


def test_gemma_writes_in_company_what_it_writes_alone(
    gemma: LanguageModel, bears: tuple[Story, list[tuple[str, Page, int]]]
) -> None:
    first: list[Page] = []

    def other(seed: int) -> None:
        order = StoryOrder("two mice", pages=1, max_tokens=60, seed=seed)
        with suppress(Stop):
            narrate(
                gemma,
                order,
                on_page=lambda *_: None,
                interrupted=lambda: Stop() if first else None,
            )

    with ThreadPoolExecutor(2) as pool:
        others = [pool.submit(other, seed) for seed in range(2)]
        with pytest.raises(Stop):
            narrate(
                gemma,
                BEARS,
                on_page=lambda _, page: first.append(page),
                interrupted=lambda: Stop() if first else None,
                vocabulary=VOCABULARY,
            )
        for future in others:
            future.result()
    assert first == [bears[0].pages[0]]
