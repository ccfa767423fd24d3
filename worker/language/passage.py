"""A text being written: its tokens and the attention cache that remembers them."""

import copy
from collections.abc import Iterator

import torch

from worker.language.model import Interrupted, LanguageModel, stop_if
from worker.language.phrases import Phrases
from worker.language.sampling import Sampling, draw


class Passage:
    """Text fed to a model so far; a fork is a draft that leaves the original as it was."""

    def __init__(self, model: LanguageModel, interrupted: Interrupted) -> None:
        self._model = model
        self._interrupted = interrupted
        self._cache: object | None = None
        self._scores = torch.empty(0)

    @classmethod
    def after(cls, model: LanguageModel, text: str, interrupted: Interrupted) -> "Passage":
        """A passage that begins with `text`, which the model reads the first time only."""
        if text not in model.remembered:
            first = cls(model, interrupted)
            first.append(text, opening=True)
            model.remembered[text] = first
        passage = model.remembered[text].fork()
        passage._interrupted = interrupted
        return passage

    def fork(self) -> "Passage":
        """A copy to write a draft on."""
        other = Passage(self._model, self._interrupted)
        other._cache = copy.deepcopy(self._cache)
        other._scores = self._scores
        return other

    def append(self, text: str, *, opening: bool = False) -> list[int]:
        """Read `text` as given and return its ids; an `opening` gets the start-of-text token."""
        ids = self._model.tokenizer.encode(text, add_special_tokens=opening)
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
        stop_if(self._interrupted)
        with torch.inference_mode():
            out = self._model.network(
                input_ids=torch.tensor([ids], device=self._model.device),
                past_key_values=self._cache,
                use_cache=True,
                logits_to_keep=1,
            )
            self._cache = out.past_key_values
            self._scores = out.logits[0, -1].float().cpu()
