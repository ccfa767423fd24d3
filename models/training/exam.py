"""What is judged: held-out scenes and captions, by whom, and what comes out."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from diffusers import StableDiffusionPipeline
from PIL import Image

from models.training import captions, judge, scenes


@dataclass(frozen=True)
class Row:
    """One line of the table; seconds are one thread's for a picture in a batch."""

    sampler: str
    steps: int
    clip_score: float
    frechet: float
    recall: float
    seconds: float


@dataclass(frozen=True)
class Exam:
    """What is drawn and who judges; `real` are vectors of the same scenes on every background."""

    pipeline: StableDiffusionPipeline
    judge: judge.Judge
    captions: list[str]
    real: torch.Tensor
    guidance: float


def held_out(count: int, subjects: int) -> list[scenes.Scene]:
    """The held-out scenes that are judged."""
    return scenes.held_out(count, subjects, seed=100 + subjects)


def plain(group: Sequence[scenes.Scene]) -> list[str]:
    """The scenes' plain captions."""
    return [captions.plain(scene) for scene in group]


def real_pictures(group: Sequence[scenes.Scene]) -> list[Image.Image]:
    """The scenes as the generator draws them."""
    return [Image.fromarray(scenes.draw(scene)) for scene in group]
