"""One image in flight, and the update that moves several of them one step on."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from services.contract.ladder import ImageLevel
from worker.batching.early_exit import Exit
from worker.batching.plan import Plan, Row
from worker.batching.request import ImageRequest, Listener, Retiming
from worker.batching.scheduler import PRIORITIES

PURE_NOISE = 1e6
"""What a level writes for the noise level of a latent without any signal, which is infinite."""


@dataclass(frozen=True, slots=True)
class Conditioning:
    """A request's prompts as the model reads them."""

    prompt: Tensor
    """(1, tokens, width)"""
    negative: Tensor | None
    """The same for the negative prompt; None for a request without guidance."""
    pooled: Tensor | None = None
    """SDXL: (1, width) of the prompt as a whole"""
    negative_pooled: Tensor | None = None
    """SDXL: the same for the negative prompt; None for a request without guidance."""
    size: Tensor | None = None
    """SDXL: (1, 6), height and width before cropping, top and left of the crop, height and width"""


@dataclass(eq=False, slots=True)
class Denoising:
    """One image in flight. The seed means what it means to diffusers: the initial latent, then
    each step's noise, drawn on the CPU in float32 from one generator, whatever the device and
    precision of the model, and whoever else is in the batch."""

    request: ImageRequest
    plan: Plan
    shape: tuple[int, int, int]
    """(channels, height, width) of the latent"""
    variant: str
    """Which variant of the model draws it"""
    priority: str = "normal"
    listener: Listener = field(default_factory=Listener)
    step: int = 0
    latent: Tensor | None = None
    """(1, channels, height, width), float32, on the model's device once begun"""
    clean: Tensor | None = None
    """The clean latent that the last prediction implies, of the latent's shape"""
    previous_clean: Tensor | None = None
    """The same for the prediction before"""
    conditioning: Conditioning | None = None
    level: ImageLevel = field(init=False)
    """The level it is drawn at now; the request's until it is re-timed."""
    retimings: list[Retiming] = field(default_factory=list, init=False)
    considered: object | None = field(default=None, init=False, repr=False)
    """The wish for another level that was looked at last, granted or not"""
    exit: Exit | None = field(default=None, init=False)
    exit_state: object | None = field(default=None, init=False, repr=False)
    """What the measure of early exit remembers of this image"""
    _generator: torch.Generator = field(init=False, repr=False)
    _noise: Tensor | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.priority not in PRIORITIES:
            allowed = ", ".join(PRIORITIES)
            raise ValueError(f"priority must be one of {allowed}; got {self.priority!r}.")
        self.level = self.request.level
        self._generator = torch.Generator("cpu").manual_seed(self.request.seed)

    @property
    def group(self) -> Hashable:
        """What images must share to be in one model call."""
        return self.shape, self.variant

    @property
    def begun(self) -> int:
        """The step from which the level applies that it is drawn at now."""
        return self.retimings[-1].step if self.retimings else 0

    @property
    def row(self) -> Row:
        """The coefficients of the step to take now."""
        return self.plan.rows[self.step]

    @property
    def guided(self) -> bool:
        """Whether the step to take now asks the model twice, with and without the prompt."""
        return guided(self.level, self.row)

    @property
    def finished(self) -> bool:
        """Whether there is something to decode and no step left."""
        return self.exit is not None or self.step == self.plan.steps

    @property
    def result(self) -> Tensor:
        """The latent to decode: of an image that left early, what it was about to become."""
        return self.latent if self.exit is None else self.clean

    def begin(
        self, conditioning: Conditioning, device: torch.device, clean: Tensor | None = None
    ) -> None:
        """Start from pure noise, or from the `clean` latent of a picture with noise on it."""
        signal, noise = self.plan.entry
        self.conditioning = conditioning
        self.latent = noise * self._draw().to(device)
        if clean is not None:
            self.latent += signal * clean

    def noise(self) -> Tensor:
        """This step's noise, on the CPU; drawn once, so that a step may be tried again."""
        if self._noise is None:
            self._noise = self._draw() if self.row.noise else torch.zeros(1, *self.shape)
        return self._noise

    def advance(self, latent: Tensor, clean: Tensor) -> None:
        """Take the step that led to `latent`."""
        self.latent, self._noise = latent, None
        self.clean, self.previous_clean = clean, self.clean
        self.step += 1

    def _draw(self) -> Tensor:
        return torch.randn((1, *self.shape), generator=self._generator)


def guided(level: ImageLevel, row: Row) -> bool:
    """Whether a step at this level asks the model for the unconditional prediction too."""
    low, high = level.guidance_interval or (0.0, math.inf)
    return level.guidance_scale > 1 and low <= min(row.sigma, PURE_NOISE) <= high


def update(batch: Sequence[Denoising], prediction: Tensor) -> list[bool]:
    """Take one step with each of `batch`; whether each latent is still finite.

    `prediction`: (n, channels, height, width), what the model said after guidance, float32.
    Nobody is moved unless everybody is.
    """
    latents = torch.cat([image.latent for image in batch])
    keep, learn, recall, stir, clean_keep, clean_learn = _coefficients(batch).to(latents.device)
    cleans = clean_keep * latents + clean_learn * prediction
    latents = keep * latents + learn * prediction
    if any(image.row.previous for image in batch):
        before = [image.latent if image.clean is None else image.clean for image in batch]
        latents += recall * torch.cat(before)
    if any(image.row.noise for image in batch):
        latents += stir * torch.cat([image.noise() for image in batch]).to(latents.device)
    finite = latents.isfinite().flatten(1).all(1).tolist()
    for image, latent, clean in zip(batch, latents.split(1), cleans.split(1), strict=True):
        image.advance(latent, clean)
    return finite


def _coefficients(batch: Sequence[Denoising]) -> Tensor:
    """(6, n, 1, 1, 1): one column of the table of steps after the other."""
    rows = [image.row for image in batch]
    table = [
        (
            row.latent,
            row.prediction,
            row.previous,
            row.noise,
            row.clean_latent,
            row.clean_prediction,
        )
        for row in rows
    ]
    return torch.tensor(table).T[:, :, None, None, None]
