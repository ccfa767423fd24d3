"""Who of a batch has settled and may leave early."""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import torch
from PIL.Image import Image
from torch import Tensor

from services.contract.ladder import EarlyExit, ImageLevel, Measure
from worker.batching.checkpoint import ModelError
from worker.batching.clip_watch import ClipWatch
from worker.batching.early_exit import Exit, Plateau, due, leaves
from worker.batching.settled import mutual_information, relative_change

SETTLED: dict[Measure, Callable[[Tensor, Tensor], Tensor]] = {
    "relative-change": relative_change,
    "mutual-information": mutual_information,
}


class _Planned(Protocol):
    @property
    def steps(self) -> int: ...


class _Requested(Protocol):
    @property
    def prompt(self) -> str: ...


class Leaver(Protocol):
    """What is asked of an image in flight."""

    @property
    def request(self) -> _Requested:
        """Its prompt."""

    @property
    def plan(self) -> _Planned:
        """How many steps it has in all."""

    level: ImageLevel
    """The level it is drawn at now, with the rule."""
    step: int
    """Steps taken."""
    begun: int
    """The step from which its level applies."""
    clean: Tensor | None
    """(1, channels, height, width): the newest prediction of the clean latent"""
    previous_clean: Tensor | None
    """The prediction before it"""
    exit_state: Plateau | None
    """Kept here, None at first"""


class Exits:
    """Measures the images whose level has a rule. `decode` makes pictures of (n, channels,
    height, width) latents; `clip` is needed for clip-score alone. Only the thread that owns the
    device may ask."""

    def __init__(self, decode: Callable[[Tensor], list[Image]], clip: ClipWatch | None) -> None:
        self._decode = decode
        self._clip = clip

    def leaving(self, images: Sequence[Leaver]) -> list[Exit | None]:
        """For each of `images` that leaves now, how it does; they share one latent shape."""
        found: list[Exit | None] = [None] * len(images)
        groups: dict[Measure, list[int]] = {}
        for index, image in enumerate(images):
            rule = image.level.early_exit
            if rule is not None and _may_be_asked(image, rule):
                groups.setdefault(rule.by, []).append(index)
        for by, indices in groups.items():
            values = self._measured(by, [images[index] for index in indices])
            for index, value in zip(indices, values, strict=True):
                found[index] = _exit(images[index], value)
        return found

    def _measured(self, by: Measure, images: Sequence[Leaver]) -> list[float]:
        if by == "clip-score":
            return self._rises(images)
        previous = torch.cat([image.previous_clean for image in images])
        current = torch.cat([image.clean for image in images])
        return SETTLED[by](previous, current).tolist()

    def _rises(self, images: Sequence[Leaver]) -> list[float]:
        """How far each CLIPScore is above the best before it; the new one is kept."""
        if self._clip is None:
            raise ValueError(NO_CLIP)
        pictures = self._decode(torch.cat([image.clean for image in images]))
        scores = self._clip.score(pictures, [image.request.prompt for image in images])
        rises = []
        for image, score in zip(images, scores, strict=True):
            before = image.exit_state or Plateau()
            rises.append(before.rise(score))
            image.exit_state = before.seen(score, image.step - image.begun)
        return rises


NO_CLIP = (
    "A level with early_exit by clip-score needs a CLIP that knows the image model's pictures. Set "
    "STORYTELLER_CLIP_MODEL to the hub id or folder of a transformers CLIPModel, or let the level "
    "exit by relative-change or mutual-information."
)


def clip_for_levels(
    levels: Iterable[ImageLevel], clip_model: str | None, *, device: str = "auto"
) -> ClipWatch | None:
    """The CLIP, loaded, if one of `levels` asks for clip-score; ModelError says what to do."""
    if not any(_by_clip(level) for level in levels):
        return None
    if clip_model is None:
        raise ModelError(NO_CLIP)
    return ClipWatch.load(clip_model, device=device)


def _by_clip(level: ImageLevel) -> bool:
    return level.early_exit is not None and level.early_exit.by == "clip-score"


def _may_be_asked(image: Leaver, rule: EarlyExit) -> bool:
    if rule.by != "clip-score" and image.previous_clean is None:
        return False
    return due(rule, image.step - image.begun, image.plan.steps - image.begun, image.exit_state)


def _exit(image: Leaver, value: float) -> Exit | None:
    rule = image.level.early_exit
    return Exit(rule.by, value, image.step) if leaves(rule, value) else None
