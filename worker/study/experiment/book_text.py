"""A story of a stated number of tokens: what the story worker's thread does, without a choice.

Every token is drawn and read as in a story. A real one ends when it likes and discards drafts, so
its number of tokens cannot be set.
"""

from collections.abc import Callable
from itertools import islice

import torch

from services.contract.story import Page
from worker.language import prelude
from worker.language.decoder import Interrupted
from worker.language.model import LanguageModel
from worker.language.passage import Passage
from worker.language.phrases import Phrases
from worker.language.sampling import Sampling
from worker.study.experiment.book_setting import BookSetting

SAMPLING = Sampling(temperature=0.55, top_p=0.9, repetition_penalty=1.06)


class Tireless(LanguageModel):
    """A model that never ends a text."""

    @property
    def ends(self) -> frozenset[int]:
        """No token ends it."""
        return frozenset()


def write(
    model: LanguageModel,
    setting: BookSetting,
    caption: str,
    seed: int,
    on_page: Callable[[Page], None],
    interrupted: Interrupted,
) -> None:
    """Write the pages, each told as it is complete.

    Every page shows the caption: what a page says decides no time, and a book keeps its hero and
    its light. Raises what `interrupted` returns, asked at every token.
    """
    tireless = Tireless(**vars(model))
    passage = _begun(tireless, interrupted)
    generator, used = torch.Generator().manual_seed(seed), Phrases()
    with tireless.decoder.seat():
        passage.append(prelude.request(tireless, caption, setting.batch))
        for number, tokens in enumerate(shares(setting.tokens, setting.batch), start=1):
            line: list[int] = []
            # A token is read when the next one is asked for, so one more is asked for than read.
            for _ in islice(passage.write(SAMPLING, generator, used, line), tokens + 1):
                pass
            used.add(line[:tokens])
            on_page(Page(number=number, text=caption, illustration=caption))


def shares(tokens: int, pages: int) -> list[int]:
    """So many tokens over the pages, the first ones with one more where they do not divide."""
    least, more = divmod(tokens, pages)
    return [least + (page < more) for page in range(pages)]


def _begun(model: LanguageModel, interrupted: Interrupted) -> Passage:
    """What stands before every story; a base model reads it once for all."""
    if model.chats:
        return Passage(model, interrupted)
    return Passage.after(model, prelude.examples(), interrupted)
