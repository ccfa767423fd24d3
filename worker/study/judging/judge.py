"""CLIPScore and Fréchet distance by torchmetrics: of the same CLIP, or of an Inception."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import stdev
from typing import Protocol

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.multimodal import CLIPScore
from transformers import CLIPModel, CLIPProcessor

from worker.batching.clip_watch import ClipWatch
from worker.study.estimates import Estimate, around, mean

RESAMPLES = 100
SHOWN_AS = 100
"""A CLIP's unit vectors are close to each other: distances are shown a hundredfold."""


class Eyes(Protocol):
    """What makes vectors of pictures: a CLIP, or an Inception."""

    def look(self, pictures: Sequence[Image]) -> Tensor: ...


@dataclass(frozen=True)
class Verdict:
    """What is said of one set of pictures, picture i of caption i."""

    scores: tuple[float, ...]
    """CLIPScore of each picture, 0…100"""
    distance: float
    """Fréchet distance to the reference; a hundredfold where a CLIP saw the pictures"""
    resampled: tuple[float, ...]
    """The same of RESAMPLES draws of captions; draw k takes the same captions of any set"""

    @property
    def clip_score(self) -> Estimate:
        """Mean CLIPScore."""
        return mean(self.scores)

    @property
    def frechet(self) -> Estimate:
        """Fréchet distance, with the bootstrap's standard error (Efron & Tibshirani 1993)."""
        return around(self.distance, stdev(self.resampled))

    def minus(self, other: "Verdict") -> tuple[Estimate, Estimate]:
        """This less `other`, caption by caption: CLIPScore and Fréchet distance."""
        score = mean([a - b for a, b in zip(self.scores, other.scores, strict=True)])
        apart = [a - b for a, b in zip(self.resampled, other.resampled, strict=True)]
        return score, around(self.distance - other.distance, stdev(apart))


class Judge:
    """Compares pictures with their captions by a CLIP, and sets of pictures with a reference set
    by the vectors that `eyes` (the CLIP where there are no others) make of them."""

    def __init__(self, watch: ClipWatch, eyes: Eyes | None = None) -> None:
        processor = CLIPProcessor(watch.processor, watch.tokenizer)
        self._watch = watch
        self._eyes = eyes or watch
        self._shown_as = 1.0 if eyes else SHOWN_AS
        self._score = CLIPScore(lambda: (_Tensors(watch.model), processor))

    def judge(
        self, pictures: Sequence[Image], captions: Sequence[str], reference: Tensor
    ) -> Verdict:
        """`reference`: vectors (n, width) of other pictures, of the same captions in this order."""
        vectors = self.vectors(pictures)
        scores = [self._one(*pair) for pair in zip(pictures, captions, strict=True)]
        draws = [self._apart(vectors[draw], reference[draw]) for draw in _draws(len(vectors))]
        return Verdict(tuple(scores), self._apart(vectors, reference), tuple(draws))

    def vectors(self, pictures: Sequence[Image]) -> Tensor:
        """Vectors (n, width) of pictures, in double precision; a CLIP's have length 1."""
        return self._eyes.look(pictures).double().cpu()

    def _apart(self, vectors: Tensor, reference: Tensor) -> float:
        return distance(vectors, reference, self._shown_as)

    @torch.inference_mode()
    def _one(self, picture: Image, caption: str) -> float:
        """One picture's score: the metric itself keeps only their mean."""
        self._score.reset()
        pixels = torch.from_numpy(np.array(picture.convert("RGB"))).permute(2, 0, 1)
        self._score.update(pixels.to(self._watch.model.device), caption)
        return self._score.compute().item()


def distance(vectors: Tensor, reference: Tensor, shown_as: float = SHOWN_AS) -> float:
    """Fréchet distance of two sets of (n, width) vectors (Heusel et al. 2017), so many times."""
    metric = FrechetInceptionDistance(feature=_Vectors(vectors.shape[1])).set_dtype(torch.float64)
    metric.update(reference, real=True)
    metric.update(vectors, real=False)
    return shown_as * metric.compute().item()


def _draws(count: int) -> list[Tensor]:
    """RESAMPLES times `count` captions with replacement, the same ones whenever it is called."""
    generator = torch.Generator().manual_seed(0)
    return [torch.randint(count, (count,), generator=generator) for _ in range(RESAMPLES)]


class _Vectors(nn.Identity):
    """The feature extractor of features that are there already."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.num_features = width


class _Tensors(nn.Module):
    """A CLIP whose features are tensors, as torchmetrics expects them; transformers 5 has more."""

    def __init__(self, clip: CLIPModel) -> None:
        super().__init__()
        self.clip = clip
        self.config = clip.config

    def get_image_features(self, pixels: Tensor) -> Tensor:
        """(n, width)"""
        return self.clip.get_image_features(pixel_values=pixels).pooler_output

    def get_text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(n, width)"""
        return self.clip.get_text_features(input_ids=ids, attention_mask=mask).pooler_output
