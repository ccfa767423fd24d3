"""A prompt becomes a story, page by page."""

from collections.abc import Callable
from dataclasses import dataclass

import torch

from services.contract.story import Page, Story
from worker.language import prelude, wording
from worker.language.decoder import Interrupted
from worker.language.model import LanguageModel
from worker.language.passage import Passage
from worker.language.pen import Line, Pen, StoryError
from worker.language.phrases import Phrases
from worker.language.sampling import Sampling
from worker.language.scene import Director, Vocabulary
from worker.language.subject import mentions, subject

__all__ = ["StoryError", "StoryOrder", "narrate"]

TITLE_TOKENS = 16
PICTURE_TOKENS = 20
LEAST_PAGE_TOKENS = 24
MOST_PAGE_TOKENS = 120
PICTURE_TEMPERATURE = 0.3
STRICT_TRIES = 3


@dataclass(frozen=True)
class StoryOrder:
    """What is asked for. `max_tokens` bounds the whole story, except that every page may have
    LEAST_PAGE_TOKENS and its picture PICTURE_TOKENS: fewer tokens cannot end a sentence. A page
    ends with its sentence number `page_sentences`."""

    prompt: str
    pages: int = 4
    max_tokens: int = 320
    seed: int = 0
    temperature: float = 0.55
    top_p: float = 0.9
    repetition_penalty: float = 1.06
    page_sentences: int = 2


class Budget:
    """Counts every token written, discarded drafts too, and shares out what is left."""

    def __init__(self, order: StoryOrder, tell: Callable[[int, int], None] | None) -> None:
        least = TITLE_TOKENS + order.pages * (LEAST_PAGE_TOKENS + PICTURE_TOKENS)
        self.total = max(order.max_tokens, least)
        self.spent = 0
        self._tell = tell

    def spend(self) -> None:
        """Count one token and tell of it."""
        self.spent += 1
        if self._tell:
            self._tell(min(self.spent, self.total), self.total)

    def page(self, pages_left: int) -> int:
        """The most tokens for the text of the next page."""
        share = (self.total - self.spent) // pages_left - PICTURE_TOKENS
        return min(MOST_PAGE_TOKENS, max(LEAST_PAGE_TOKENS, share))


def narrate(
    model: LanguageModel,
    order: StoryOrder,
    *,
    on_page: Callable[[str, Page], None],
    interrupted: Interrupted,
    on_token: Callable[[int, int], None] | None = None,
    vocabulary: Vocabulary | None = None,
) -> Story:
    """Write the story; `on_page` gets the title and each page as soon as it is complete.

    `interrupted` is asked at every token; what it returns is raised. `on_token` is told the
    tokens written and the most there can be. With a `vocabulary`, pictures are described in its
    words. Raises StoryError when the model cannot do it. Any number of threads may write with one
    model. The same order gives the same story, with the rounding that Decoder speaks of.
    """
    passage = _begun(model, interrupted)
    with model.decoder.seat():
        author = _Author(model, order, passage, Budget(order, on_token))
        title = author.title()
        director = Director(vocabulary, author.subject) if vocabulary else None
        pages: list[Page] = []
        for number in range(1, order.pages + 1):
            text = author.page(number, [page.text for page in pages])
            picture = author.picture(number)
            shown = director.caption(picture, text, title) if director else picture
            pages.append(Page(number=number, text=text, illustration=shown))
            on_page(title, pages[-1])
        return Story(title=title, pages=tuple(pages))


def _begun(model: LanguageModel, interrupted: Interrupted) -> Passage:
    """What stands before every story."""
    if model.chats:
        return Passage(model, interrupted)
    return Passage.after(model, prelude.examples(), interrupted)


class _Author:
    """Knows what each line of the book has to be."""

    def __init__(
        self, model: LanguageModel, order: StoryOrder, passage: Passage, budget: Budget
    ) -> None:
        self.subject = subject(order.prompt)
        self._order = order
        self._budget = budget
        self._sampling = Sampling(order.temperature, order.top_p, order.repetition_penalty)
        shown = [] if model.chats else prelude.example_pages()
        passage.append(prelude.request(model, self.subject, order.pages))
        used = Phrases(
            model.tokenizer.encode(f" {text}", add_special_tokens=False) for text in shown
        )
        self._pen = Pen(passage, torch.Generator().manual_seed(order.seed), used)
        self._openings = (
            [""] * order.pages
            if model.chats
            else prelude.openings(self.subject, order.pages, order.seed)
        )

    def title(self) -> str:
        """The title: not an example's, and about the subject as far as the model will."""
        return self._write(Line("Title:", self._repair_title), self._sampling, TITLE_TOKENS)

    def page(self, number: int, earlier: list[str]) -> str:
        """A page's text."""

        def repair(raw: str, attempt: int) -> str:
            text = wording.page_text(raw)
            wording.check_page(text, earlier, self.subject)
            if number == 1:
                self._demand_subject(text, attempt)
            if number == self._order.pages and attempt < STRICT_TRIES and "?" in text[-2:]:
                raise wording.Unusable(f"ends the story with a question: {text[-60:]!r}")
            return text

        opening = self._openings[number - 1]
        line = Line(f"Page {number}:", repair, opening, self._full_page, prose=True)
        return self._pen.write(
            line,
            self._sampling,
            lambda: self._budget.page(self._order.pages - number + 1),
            self._budget.spend,
        )

    def picture(self, number: int) -> str:
        """What a page's picture shows, in the model's words."""
        line = Line(f"Picture {number}:", lambda raw, _: wording.caption(raw))
        calm = Sampling(PICTURE_TEMPERATURE, self._order.top_p, 1.0)
        return self._write(line, calm, PICTURE_TOKENS)

    def _write(self, line: Line, sampling: Sampling, limit: int) -> str:
        return self._pen.write(line, sampling, lambda: limit, self._budget.spend)

    def _repair_title(self, raw: str, attempt: int) -> str:
        title = wording.title(raw)
        if title.lower() in prelude.example_titles():
            raise wording.Unusable(f"an example's title: {title!r}")
        if attempt < STRICT_TRIES and title.lower() == self.subject.lower():
            raise wording.Unusable(f"the prompt for a title: {title!r}")
        self._demand_subject(title, attempt)
        return title

    def _demand_subject(self, text: str, attempt: int) -> None:
        if attempt < STRICT_TRIES and not mentions(text, self.subject):
            raise wording.Unusable(f"off the subject: {text[:60]!r}")

    def _full_page(self, draft: str) -> bool:
        enough = len(wording.sentences(draft)) >= self._order.page_sentences
        return enough and draft.count('"') % 2 == 0
