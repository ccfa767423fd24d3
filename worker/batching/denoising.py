"""One image in flight, and the update that moves several of them one step on."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import torch
from PIL.Image import Image
from torch import Tensor

from services.contract.ladder import ImageLevel
from worker.batching.plan import Plan, Row
from worker.batching.scheduler import PRIORITIES

SEED_LIMIT = 2**64


OnStep = Callable[[int, int], None]
"""Told (step, steps) after each step."""
Interrupted = Callable[[], BaseException | None]
"""Asked before each step: None to go on, or the exception to stop with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRequest:
    """What decides a picture, besides the model; a size of None is the model's native one."""

    prompt: str
    negative_prompt: str = ""
    width: int | None = None
    height: int | None = None
    seed: int
    level: ImageLevel
    """How it is drawn: sampler, steps, guidance, precision, early exit."""
    start: Image | None = None
    """The picture to begin from instead of pure noise."""
    strength: float = 1.0
    """How much of `start` is drawn anew, 0 < strength ≤ 1."""

    def __post_init__(self) -> None:
        if not 0 <= self.seed < SEED_LIMIT:
            raise ValueError(f"seed must be between 0 and 2**64 - 1; got {self.seed}.")
        if not 0 < self.strength <= 1:
            raise ValueError(f"strength must be above 0 and at most 1; got {self.strength}.")

    @property
    def guided(self) -> bool:
        """Whether the model is ever asked twice a step, with and without the prompt."""
        return self.level.guidance_scale > 1


@dataclass(frozen=True, slots=True)
class Conditioning:
    """A request's prompts as the model reads them."""

    prompt: Tensor
    """(1, tokens, width)"""
    negative: Tensor | None
    """The same for the negative prompt; None for a request without guidance."""


@dataclass(frozen=True, slots=True)
class Listener:
    """How whoever asked for an image hears of it. All of it is called in the engine's thread."""

    on_step: OnStep | None = None
    interrupted: Interrupted | None = None
    future: Future[Image] = field(default_factory=Future)

    def stepped(self, step: int, steps: int) -> None:
        """Pass on that a step was taken."""
        if self.on_step is not None:
            self.on_step(step, steps)

    def reason_to_stop(self) -> BaseException | None:
        """The exception to stop with, if there is one."""
        return self.interrupted() if self.interrupted is not None else None


@dataclass(eq=False, slots=True)
class Denoising:
    """One image in flight. The seed means what it means to diffusers: the initial latent, then
    each step's noise, drawn on the CPU in float32 from one generator, whatever the device and
    precision of the model, and whoever else is in the batch."""

    request: ImageRequest
    plan: Plan
    shape: tuple[int, int, int]
    """(channels, height, width) of the latent"""
    priority: str = "normal"
    listener: Listener = field(default_factory=Listener)
    step: int = 0
    latent: Tensor | None = None
    """(1, channels, height, width), float32, on the model's device once begun"""
    conditioning: Conditioning | None = None
    _generator: torch.Generator = field(init=False, repr=False)
    _noise: Tensor | None = field(default=None, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.priority not in PRIORITIES:
            allowed = ", ".join(PRIORITIES)
            raise ValueError(f"priority must be one of {allowed}; got {self.priority!r}.")
        self._generator = torch.Generator("cpu").manual_seed(self.request.seed)

    @property
    def row(self) -> Row:
        """The coefficients of the step to take now."""
        return self.plan.rows[self.step]

    @property
    def guided(self) -> bool:
        """Whether the step to take now asks the model twice, with and without the prompt."""
        return self.request.guided

    @property
    def finished(self) -> bool:
        """Whether the latent is ready to be decoded."""
        return self.step == self.plan.steps

    def begin(self, conditioning: Conditioning, device: torch.device) -> None:
        """Start from pure noise."""
        self.conditioning = conditioning
        self.latent = self._draw().to(device)

    def noise(self) -> Tensor:
        """This step's noise, on the CPU; drawn once, so that a step may be tried again."""
        if self._noise is None:
            self._noise = self._draw() if self.row.noise else torch.zeros(1, *self.shape)
        return self._noise

    def advance(self, latent: Tensor) -> None:
        """Take the step that led to `latent`."""
        self.latent, self._noise = latent, None
        self.step += 1

    def _draw(self) -> Tensor:
        return torch.randn((1, *self.shape), generator=self._generator)


def update(batch: Sequence[Denoising], prediction: Tensor) -> list[bool]:
    """Take one step with each of `batch`; whether each latent is still finite.

    `prediction`: (n, channels, height, width), what the model said after guidance, float32.
    Nobody is moved unless everybody is.
    """
    latents = torch.cat([denoising.latent for denoising in batch])
    noise = torch.cat([denoising.noise() for denoising in batch]).to(latents.device)
    rows = [denoising.row for denoising in batch]
    table = torch.tensor([(row.latent, row.prediction, row.noise) for row in rows])
    keep, learn, stir = table.to(latents.device).T[:, :, None, None, None]
    latents = keep * latents + learn * prediction + stir * noise
    finite = latents.isfinite().flatten(1).all(1).tolist()
    for denoising, latent in zip(batch, latents.split(1), strict=True):
        denoising.advance(latent)
    return finite
