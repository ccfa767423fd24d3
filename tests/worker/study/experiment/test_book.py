"""A book without a queue: the order of its work is the strategy's, its tokens are those asked."""

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from services.contract.ladder import Strategy
from services.contract.story import Page
from tests.worker.language.tiny import tiny_model
from worker.batching.request import Drawing, ImageRequest
from worker.language.model import LanguageModel
from worker.study.experiment import book_text
from worker.study.experiment.book import GivenUp, Workshop
from worker.study.experiment.book_setting import BookSetting

pytestmark = pytest.mark.usefixtures("one_thread")

CAPTIONS = ("a fox in the snow at night", "a bear in the forest")
STRATEGIES: tuple[Strategy, ...] = ("sequential", "parallel", "pipelined", "autoregressive")


@dataclass
class Recorder:
    """An engine that draws nothing, one picture after another in a thread of its own, and notes
    what happened."""

    events: list[str] = field(default_factory=list)
    requests: list[ImageRequest] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))

    def submit(self, request: ImageRequest, interrupted: Any) -> Future[Drawing]:
        self.events.append("ordered")
        self.requests.append(request)
        return self.pool.submit(self._draw, request)

    def _draw(self, request: ImageRequest) -> Drawing:
        drawing = Drawing(Image.new("RGB", (8, 8)), request.level.steps, request.level, None, ())
        self.drawings.append(drawing)
        self.events.append("drawn")
        return drawing


@pytest.fixture(scope="module")
def model() -> LanguageModel:
    return tiny_model(chats=True)


@pytest.fixture
def recorder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    recorder = Recorder()
    write = book_text.write

    def noted(*arguments: Any) -> None:
        write(*arguments)
        recorder.events.append("text")

    monkeypatch.setattr(book_text, "write", noted)
    with recorder.pool:
        yield recorder


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_pictures_are_ordered_as_the_strategy_says(
    strategy: Strategy, model: LanguageModel, recorder: Recorder
) -> None:
    workshop = Workshop(recorder, model, None, CAPTIONS, seed=7)
    made = workshop.make(BookSetting(tokens=12, batch=3, steps=2, strategy=strategy), 0)
    events = recorder.events
    assert sorted(events) == ["drawn"] * 3 + ["ordered"] * 3 + ["text"]
    if strategy in ("sequential", "parallel"):
        assert events[0] == "text"
        assert made.first_picture_seconds >= made.text_seconds
    if strategy in ("sequential", "autoregressive"):
        pictures = [event for event in events if event != "text"]
        assert pictures == ["ordered", "drawn"] * 3, "one at a time"
    assert made.seconds == max(made.seconds, made.text_seconds, made.first_picture_seconds)


def test_a_picture_is_ordered_with_its_page(
    model: LanguageModel, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ordered = threading.Event()
    submit = recorder.submit
    monkeypatch.setattr(recorder, "submit", lambda *a, **k: (ordered.set(), submit(*a, **k))[1])

    def page_after_page(_model: Any, setting: Any, caption: str, seed: int, tell: Any, _: Any):
        tell(Page(number=1, text=caption, illustration=caption))
        assert ordered.wait(10), "the first page's picture does not wait for the second page"
        tell(Page(number=2, text=caption, illustration=caption))

    monkeypatch.setattr(book_text, "write", page_after_page)
    workshop = Workshop(recorder, model, None, CAPTIONS, seed=7)
    workshop.make(BookSetting(batch=2, steps=2, strategy="pipelined"), 0)
    assert len(recorder.drawings) == 2


def test_each_picture_goes_on_from_the_one_before_or_none_does(
    model: LanguageModel, recorder: Recorder
) -> None:
    workshop = Workshop(recorder, model, None, CAPTIONS, seed=7)
    workshop.make(BookSetting(tokens=6, batch=3, steps=2, strategy="autoregressive"), 1)
    starts = [request.start for request in recorder.requests]
    assert starts == [None, *(drawing.picture for drawing in recorder.drawings[:2])]
    assert [request.strength for request in recorder.requests] == [1.0, 0.75, 0.75]
    assert [request.seed for request in recorder.requests] == [8, 9, 10]
    recorder.requests.clear()
    workshop.make(BookSetting(tokens=6, batch=3, steps=2, strategy="pipelined"), 1)
    assert [request.start for request in recorder.requests] == [None] * 3
    assert {request.prompt for request in recorder.requests} == {CAPTIONS[1]}


@pytest.mark.parametrize(("tokens", "pages", "each"), [(12, 3, [4, 4, 4]), (11, 3, [4, 4, 3])])
def test_so_many_tokens_are_read_as_were_asked_for(
    tokens: int, pages: int, each: list[int], model: LanguageModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert book_text.shares(tokens, pages) == each
    read: list[int] = []
    reading = LanguageModel.read
    monkeypatch.setattr(
        LanguageModel,
        "read",
        lambda self, b, ids, i: read.append(len(ids)) or reading(self, b, ids, i),
    )
    told: list[Page] = []
    setting = BookSetting(tokens=tokens, batch=pages)
    book_text.write(model, setting, CAPTIONS[0], 1, told.append, lambda: None)
    assert read[1:] == [1] * tokens, "after the request"
    assert [page.number for page in told] == list(range(1, pages + 1))


class Broken(RuntimeError):
    """What a test raises."""


def test_what_stops_one_thread_ends_the_book(model: LanguageModel, recorder: Recorder) -> None:
    class Failing(Recorder):
        def _draw(self, request: ImageRequest) -> Drawing:
            raise Broken("no paint")

    engine = Failing()
    workshop = Workshop(engine, model, None, CAPTIONS, seed=7)
    with engine.pool, pytest.raises(Broken, match="no paint"):
        workshop.make(BookSetting(tokens=600, batch=2, steps=2, strategy="pipelined"), 0)
    assert "text" not in recorder.events, "the rest is not written"


def test_a_text_that_fails_ends_the_book(
    model: LanguageModel, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: Any) -> None:
        raise Broken("no ink")

    monkeypatch.setattr(book_text, "write", fails)
    with pytest.raises(Broken, match="no ink"):
        Workshop(recorder, model, None, CAPTIONS, seed=7).make(BookSetting(), 0)


def test_a_book_that_is_given_up_says_so(model: LanguageModel) -> None:
    with pytest.raises(GivenUp):
        book_text.write(
            model, BookSetting(), CAPTIONS[0], 1, lambda _: None, lambda: GivenUp("enough")
        )
