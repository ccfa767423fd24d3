"""A text being written: its tokens, what the network remembers of them, and what may come next."""

from collections.abc import Iterator

import torch

from worker.language.context import Context
from worker.language.decoder import Interrupted
from worker.language.model import LanguageModel
from worker.language.phrases import Phrases
from worker.language.sampling import Sampling, draw


class Passage:
    """Text fed to a model so far; a fork is a draft that leaves the original as it was."""

    def __init__(self, model: LanguageModel, interrupted: Interrupted) -> None:
        self._model = model
        self._interrupted = interrupted
        self._context = Context()
        self._scores = torch.empty(0)

    @classmethod
    def after(cls, model: LanguageModel, text: str, interrupted: Interrupted) -> "Passage":
        """A passage that begins with `text`, which the model reads the first time only."""
        passage = cls(model, interrupted)
        passage._context, passage._scores = model.opening(text, interrupted)
        return passage

    def fork(self) -> "Passage":
        """A copy to write a draft on; it shares what was read and costs nothing."""
        other = Passage(self._model, self._interrupted)
        other._context, other._scores = self._context, self._scores
        return other

    def append(self, text: str) -> list[int]:
        """Read `text` as given and return its ids."""
        ids = self._model.tokenizer.encode(text, add_special_tokens=False)
        if ids:
            self._read(ids)
        return ids

    def decode(self, ids: list[int]) -> str:
        """The text that token ids stand for."""
        return self._model.tokenizer.decode(ids, skip_special_tokens=True)

    def write(
        self,
        sampling: Sampling,
        generator: torch.Generator,
        used: Phrases,
        line: list[int],
    ) -> Iterator[int]:
        """Add token ids to `line` and yield them, until the model ends the text itself.

        No run of tokens in `used` or in the line comes again, and the repetition penalty falls
        on the tokens of both.
        """
        while True:
            scores = self._scores.index_fill(0, torch.tensor(used.completing(line)).long(), -1e9)
            token = draw(scores, [*used.recent, *line], sampling, generator)
            if token in self._model.ends:
                return
            line.append(token)
            yield token
            self._read([token])

    def _read(self, ids: list[int]) -> None:
        self._context, self._scores = self._model.read(self._context, ids, self._interrupted)
