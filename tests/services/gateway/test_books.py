"""When a book is done: text through one queue, pictures through the other, by strategy."""

from dataclasses import replace

import pytest

from services.contract.jobs import Progress
from services.contract.ladder import StorybookLevel
from services.contract.level import resolve
from services.contract.queues import QueueLoad
from services.gateway import estimates
from services.gateway.outlook import Outlook
from tests.services.gateway.expecting import (
    NOTHING,
    POLICY,
    TOGETHER,
    expected,
    forecast,
    outstanding,
    request,
    running,
    waiting,
)

TEXT, PICTURE, PAGES = 12.0, 2.0, 4


def outlook(stories: QueueLoad = NOTHING, images: QueueLoad = NOTHING) -> Outlook:
    """A worker for each: 12 s for a text, and pictures of 2 s each, one at a time."""
    models = {"stories": forecast(TEXT, scv=0.0), "images": forecast(PICTURE)}
    return expected({"stories": stories, "images": images}, models)


def mean(strategy: str, found: Outlook, pages: int = PAGES) -> float:
    """Of a book accepted now."""
    asked = request("storybook", strategy=strategy, pages=pages)
    return estimates.newcomer(found, asked).mean


@pytest.mark.parametrize(
    ("strategy", "seconds"),
    [
        ("sequential", TEXT + 4 * PICTURE),
        ("parallel", TEXT + 4 * PICTURE),
        ("pipelined", TEXT + PICTURE),
        ("autoregressive", TEXT + PICTURE),
    ],
)
def test_amid_the_text_only_the_last_picture_adds(strategy: str, seconds: float) -> None:
    assert mean(strategy, outlook()) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("strategy", "seconds"),
    [
        ("sequential", TEXT + 4 * 11 * PICTURE),
        ("parallel", TEXT + (10 + 4) * PICTURE),
        ("pipelined", max(TEXT / 4 + 14 * PICTURE, TEXT + 11 * PICTURE)),
        ("autoregressive", TEXT / 4 + 4 * 11 * PICTURE),
    ],
)
def test_pictures_wait_behind_others(strategy: str, seconds: float) -> None:
    found = outlook(images=outstanding(9, 1))
    assert mean(strategy, found) == pytest.approx(seconds)


def test_pictures_drawn_together_take_longer_each() -> None:
    models = {"stories": forecast(TEXT, scv=0.0), "images": forecast(PICTURE, law=TOGETHER)}
    assert mean("parallel", expected({}, models)) == pytest.approx(TEXT + 4 * PICTURE)
    assert mean("sequential", expected({}, models)) == pytest.approx(TEXT + 4 * PICTURE)
    models["images"] = forecast(PICTURE, law=TOGETHER.model_copy(update={"tau0": 9.0}))
    assert mean("parallel", expected({}, models)) == pytest.approx(TEXT + PICTURE * 13 / 10)


def test_the_text_waits_in_its_own_queue() -> None:
    """The first of three others is half done: their lengths do not vary."""
    found = outlook(stories=outstanding(2, 1))
    assert mean("parallel", found) == pytest.approx(3.5 * TEXT + 4 * PICTURE)
    assert mean("pipelined", found) == pytest.approx(3.5 * TEXT + PICTURE)


def test_without_a_strategy_the_level_of_the_text_names_it() -> None:
    asked = request("storybook", pages=PAGES)
    assert estimates.newcomer(outlook(), asked).mean == mean("pipelined", outlook())
    patient = StorybookLevel(strategy="sequential")
    levels = (POLICY.levels[0].model_copy(update={"storybook": patient}), *POLICY.levels[1:])
    found = outlook()
    changed = replace(found.queues["stories"], ladder=levels)
    found = replace(found, queues=found.queues | {"stories": changed})
    assert estimates.newcomer(found, asked).mean == mean("sequential", outlook())


def test_a_running_book_keeps_the_strategy_of_the_level_it_got() -> None:
    applied = resolve("quality", None, POLICY, "balanced", 0.0)
    patient = applied.level.model_copy(update={"storybook": StorybookLevel(strategy="parallel")})
    book = running(4.0, "storybook", pages=PAGES)
    book = book.model_copy(update={"level": applied.model_copy(update={"level": patient})})
    found = estimates.eta(book, outlook(stories=outstanding(0, 1)), None)
    assert found == pytest.approx(TEXT - 4 + 4 * PICTURE)


def test_a_model_with_more_levels_than_the_gateway_knows_is_no_trouble() -> None:
    models = {
        "stories": forecast(*[TEXT] * 9).model_copy(update={"level": 8}),
        "images": forecast(PICTURE),
    }
    found = estimates.newcomer(expected({}, models), request("storybook", pages=PAGES))
    assert found.mean == pytest.approx(TEXT + PICTURE)


def test_a_book_of_one_page_has_nothing_to_overlap() -> None:
    for strategy in ("sequential", "parallel", "pipelined", "autoregressive"):
        assert mean(strategy, outlook(), pages=1) == pytest.approx(TEXT + PICTURE)


def test_a_waiting_book_counts_its_place() -> None:
    book = waiting("storybook", strategy="parallel", pages=PAGES)
    found = estimates.eta(book, outlook(stories=outstanding(3, 1)), 2)
    assert found == pytest.approx(3.5 * TEXT + 4 * PICTURE)


def test_a_book_that_is_written_has_its_time_taken_off() -> None:
    book = running(4.0, "storybook", strategy="parallel", pages=PAGES)
    found = estimates.eta(book, outlook(stories=outstanding(0, 1)), None)
    assert found == pytest.approx(TEXT - 4 + 4 * PICTURE)


@pytest.mark.parametrize(("strategy", "seconds"), [("sequential", 3 * PICTURE), ("parallel", 2.0)])
def test_a_book_that_is_drawn_waits_for_what_it_lacks(strategy: str, seconds: float) -> None:
    """One of four is finished, and one, which is its own, is being drawn."""
    progress = Progress(phase="drawing", done=1, total=4)
    book = running(99.0, "storybook", strategy=strategy, pages=PAGES)
    book = book.model_copy(update={"progress": progress})
    found = outlook(stories=outstanding(0, 1), images=outstanding(0, 1))
    assert estimates.eta(book, found, None) == pytest.approx(seconds)


def test_a_book_is_unknown_while_either_queue_is() -> None:
    for known in ("stories", "images"):
        found = expected({}, {known: forecast(2.0)})
        assert estimates.newcomer(found, request("storybook")) is None
