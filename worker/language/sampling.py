"""From the network's scores for the next token to the token taken."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

CANDIDATES = 100


@dataclass(frozen=True)
class Sampling:
    """How freely the next token is drawn; temperature 0 takes the likeliest."""

    temperature: float = 0.7
    top_p: float = 0.9
    repetition_penalty: float = 1.1

    def warmer(self, by: float) -> "Sampling":
        """The same, with more chance in it: for a second try."""
        return Sampling(self.temperature + by, self.top_p, self.repetition_penalty)


def draw(
    scores: torch.Tensor,
    written: Sequence[int],
    sampling: Sampling,
    generator: torch.Generator,
) -> int:
    """The next token id from `scores` (vocabulary,), fp32 on the CPU.

    Scores of tokens in `written` are divided by the repetition penalty where positive and
    multiplied where negative (Keskar et al. 2019); then nucleus sampling (Holtzman et al. 2020)
    among the likeliest candidates, because sorting a whole vocabulary costs more than it changes.
    """
    scores = _penalised(scores, written, sampling.repetition_penalty)
    if sampling.temperature <= 0:
        return int(scores.argmax())
    best = (scores / sampling.temperature).topk(min(CANDIDATES, scores.numel()))
    chances = best.values.softmax(dim=0)
    before = chances.cumsum(dim=0) - chances
    chances = chances.where(before < sampling.top_p, torch.zeros(()))
    return int(best.indices[torch.multinomial(chances, 1, generator=generator)])


def _penalised(scores: torch.Tensor, written: Sequence[int], penalty: float) -> torch.Tensor:
    if not written or penalty == 1.0:
        return scores
    ids = torch.tensor(sorted(set(written)), dtype=torch.long)
    seen = scores[ids]
    return scores.index_copy(0, ids, torch.where(seen > 0, seen / penalty, seen * penalty))
