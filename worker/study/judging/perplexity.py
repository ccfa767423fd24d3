"""How fast the story model reads at each precision, and how well it still foresees a text."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean

import torch

from worker.language.context import Context
from worker.language.load import Source
from worker.language.model import LanguageModel
from worker.language.prelude import example_pages
from worker.study.estimates import Estimate, mean, middle
from worker.study.progress import progress
from worker.variants import Variants

ROUND = 16
"""Tokens that one precision reads before the next one does"""


@dataclass
class Reading:
    """One precision's reading of the text, token by token, as a story is written."""

    context: Context = field(default_factory=Context)
    scores: torch.Tensor | None = None
    """(vocabulary,) of the next token"""
    surprises: list[float] = field(default_factory=list)
    """-log p of each token but the first, nats"""
    rates: list[float] = field(default_factory=list)
    """Tokens a second, for each round"""

    @property
    def speed(self) -> Estimate:
        """Median tokens a second."""
        return middle(self.rates)

    @property
    def perplexity(self) -> float:
        """exp of the mean surprise."""
        return math.exp(fmean(self.surprises))

    def over(self, other: "Reading") -> Estimate:
        """This perplexity over another one's of the same text, compared token by token."""
        more = [a - b for a, b in zip(self.surprises, other.surprises, strict=True)]
        nats = mean(more)
        return Estimate(*(math.exp(each) for each in (nats.value, nats.low, nats.high)))

    def go_on(self, model: LanguageModel, ids: Sequence[int]) -> None:
        """Read the next tokens, one at a time."""
        began = time.perf_counter()
        for token in ids:
            if self.scores is not None:
                self.surprises.append(-self.scores.log_softmax(0)[token].item())
            self.context, self.scores = model.read(self.context, [token], lambda: None)
        self.rates.append(len(ids) / (time.perf_counter() - began))


@dataclass(frozen=True)
class Rates:
    """What was found of a story model."""

    name: str
    tokens: int
    readings: dict[str, Reading]
    memory: dict[str, int]
    """Bytes of the network at each precision"""

    @property
    def first(self) -> Reading:
        """What the others are compared with."""
        return next(iter(self.readings.values()))


def read_aloud(source: Source, precisions: Sequence[str], tokens: int) -> Rates:
    """Every precision's reading of the example books, by turns; ModelMissing says what to do.

    A token at a time is how a story is written, so the rate is a story's, drafts apart. All are
    loaded together.
    """
    variants = source.variants()
    readings = {precision: Reading() for precision in precisions}
    with progress(math.ceil(tokens / ROUND), "read") as tell:
        ids = _text(variants, tokens)
        for precision in precisions:
            _warm_up(variants, precision, ids)
        for start in range(0, len(ids), ROUND):
            for precision, reading in readings.items():
                with variants.lease(precision) as model:
                    reading.go_on(model, ids[start : start + ROUND])
            tell()
    return Rates(source.name, len(ids), readings, variants.memory)


def _text(variants: Variants[LanguageModel], tokens: int) -> list[int]:
    with variants.lease(variants.base) as model:
        return model.tokenizer.encode("\n".join(example_pages()))[:tokens]


def _warm_up(variants: Variants[LanguageModel], precision: str, ids: Sequence[int]) -> None:
    with variants.lease(precision) as model:
        Reading().go_on(model, ids[:2])
