"""The model: prompts in, one noise prediction for a mixed batch, pictures out."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Self

import torch
from PIL.Image import Image
from torch import Tensor

from services.contract.ladder import ImageLevel
from services.contract.sizes import Sizes
from worker.batching.autoencoder import Autoencoder
from worker.batching.checkpoint import Checkpoint, ModelError, display_name, find_device
from worker.batching.compiled import Compiled, check_compiler
from worker.batching.denoising import Denoising
from worker.batching.guidance import combined, inputs
from worker.batching.plan import NoiseSchedule, plan
from worker.batching.prompts import Prompts
from worker.batching.request import ImageRequest, Listener
from worker.batching.unet import Plain
from worker.precision import QUANTIZED, check_precision
from worker.variants import Variants, footprint

_plan = lru_cache(256)(plan)
"""A plan never changes, and a long one takes milliseconds."""


class Denoiser:
    """A Stable-Diffusion checkpoint on one device. Only the thread that owns the device may call
    `warm`, `begin` and `predict`; the rest is free for all.

    The text encoders and the autoencoder compute with the precision it was loaded with, which is
    also what a level means by `auto`. A level may name another one for the UNet: it is loaded when
    the first image at it begins, and an image keeps what it began with (see Variants).
    """

    def __init__(
        self, checkpoint: Checkpoint, *, memory_budget: int = 0, compiled: bool = False
    ) -> None:
        pipeline = checkpoint.pipeline
        self.name = display_name(checkpoint.model)
        """A hub id or a folder's name, as written into pictures."""
        self.device = checkpoint.device
        """Where the model computes."""
        self.scale: int = pipeline.vae_scale_factor
        """Pixels along one side of a latent's cell."""
        self.schedule = NoiseSchedule.from_config(pipeline.scheduler.config)
        self.checkpoint = checkpoint
        self._config = pipeline.unet.config
        self._prompts = Prompts(pipeline)
        self._autoencoder = Autoencoder(pipeline)
        self._compiled = compiled
        self._held: dict[Denoising, Plain | Compiled] = {}
        self._variants: Variants[Plain | Compiled] = Variants(
            self._load_variant,
            memory_budget,
            base=checkpoint.precision,
            measure=lambda network: footprint(network.unet),
        )
        self._variants.hold(checkpoint.precision)  # there from the start, so it counts from there

    @classmethod
    def load(
        cls,
        model: str,
        *,
        device: str = "auto",
        precision: str = "auto",
        memory_budget: int = 0,
        compile: bool = False,  # noqa: A002 - as the setting is called
    ) -> Self:
        """Load a folder or hub id; ModelError says what to do if that cannot be.

        `memory_budget` is in bytes, of all variants of the UNet together; 0 is no limit.
        """
        place = find_device(device)
        if compile:
            check_compiler(place)
        checkpoint = Checkpoint.load(model, place, precision)
        try:
            return cls(checkpoint, memory_budget=memory_budget, compiled=compile)
        except ValueError as error:
            raise ModelError(f"The image model {model!r} cannot be used: {error}") from error

    @property
    def memory(self) -> dict[str, int]:
        """Bytes of each variant of the UNet that is loaded now, by its precision."""
        return self._variants.memory

    def native_size(self) -> tuple[int, int]:
        """(width, height) in pixels that the model was trained on."""
        size = self._config.sample_size
        height, width = (size, size) if isinstance(size, int) else size
        return width * self.scale, height * self.scale

    @property
    def sizes(self) -> Sizes:
        """What can be drawn: whole cells of a latent. The UNet takes any number of them."""
        return Sizes(multiple=self.scale, minimum=self.scale)

    def check(self, level: ImageLevel) -> None:
        """ModelError names the option of `level` that this model or device cannot do."""
        if level.precision != "auto":
            try:
                check_precision(level.precision, self.device)
            except ValueError as error:
                raise ModelError(f"precision: {error}") from error
        try:
            _plan(level.sampler, level.steps, self.schedule, eta=level.eta)
        except ValueError as error:
            raise ModelError(f"sampler {level.sampler}, steps {level.steps}: {error}") from error

    @torch.inference_mode()
    def warm(self, cap: int, precisions: Iterable[str] = ("auto",)) -> None:
        """Compile, if that is wanted, what batches of up to `cap` pictures of the native size
        need; minutes for each of `precisions`. ModelError says what to do if it cannot be."""
        if not self._compiled:
            return
        # bitsandbytes' layers run outside of what a compiler sees, which gains nothing.
        variants = {self._variant(precision) for precision in precisions}
        for precision in sorted(variants - set(QUANTIZED)):
            level = ImageLevel(sampler="ddim", steps=1, guidance_scale=0, precision=precision)
            image = self.denoising(ImageRequest(prompt="", seed=0, level=level))
            self.begin(image)
            self._held[image].warm(inputs([image], []), 2 * cap)
            self._variants.hold(precision)  # for good: it would come back without what took minutes
            self.release(image)

    def denoising(
        self, request: ImageRequest, priority: str = "normal", listener: Listener | None = None
    ) -> Denoising:
        """Check and plan a request, without touching the device; ValueError says what is wrong."""
        level = request.level
        return Denoising(
            request=request,
            plan=_plan(
                level.sampler, level.steps, self.schedule, eta=level.eta, strength=request.share
            ),
            shape=self._latent_shape(request),
            variant=self._variant(level.precision),
            priority=priority,
            listener=listener or Listener(),
        )

    @torch.inference_mode()
    def begin(self, denoising: Denoising) -> None:
        """Encode the prompts and the picture to start from, draw the first latent, and hold the
        variant of the level's precision until `release`."""
        request = denoising.request
        height, width = (side * self.scale for side in denoising.shape[1:])
        conditioning = self._prompts.conditioning(request, width, height)
        clean = None
        if request.start is not None:
            clean = self._autoencoder.encode(request.start, width, height)
        denoising.begin(conditioning, self.device, clean)
        self._held[denoising] = self._variants.hold(denoising.variant)

    def release(self, denoising: Denoising) -> None:
        """Let go of what `begin` held; harmless if repeated, or if the image never began."""
        if self._held.pop(denoising, None) is not None:
            self._variants.release(denoising.variant)

    @torch.inference_mode()
    def predict(self, batch: Sequence[Denoising]) -> Tensor:
        """What the model says of each latent at its own timestep, guidance applied.

        All of `batch` share precision and latent shape. One model call: everybody's conditional
        row, then the unconditional rows of those guided now. Returns (n, channels, height, width),
        float32.
        """
        guided = [index for index, denoising in enumerate(batch) if denoising.guided]
        said = self._held[batch[0]](inputs(batch, guided))
        return combined(said.float(), batch, guided)

    def decode(self, latents: Tensor) -> list[Image]:
        """The pictures of (n, channels, height, width) latents, as diffusers would make them."""
        return self._autoencoder.decode(latents)

    def _variant(self, precision: str) -> str:
        return self._variants.base if precision == "auto" else precision

    def _load_variant(self, precision: str) -> Plain | Compiled:
        unet = self.checkpoint.unet(precision)
        return Compiled(unet) if self._compiled and precision not in QUANTIZED else Plain(unet)

    def _latent_shape(self, request: ImageRequest) -> tuple[int, int, int]:
        native_width, native_height = self.native_size()
        width = native_width if request.width is None else request.width
        height = native_height if request.height is None else request.height
        for name, pixels in (("width", width), ("height", height)):
            if pixels < self.scale or pixels % self.scale:
                raise ValueError(
                    f"{name} must be a multiple of {self.scale} pixels for the model "
                    f"{self.name}; got {pixels}."
                )
        return self._config.in_channels, height // self.scale, width // self.scale
