"""The model: prompts in, one noise prediction for a mixed batch, pictures out."""

from collections.abc import Sequence
from typing import Self

import torch
from diffusers import StableDiffusionPipeline
from PIL.Image import Image
from torch import Tensor

from worker.batching.checkpoint import (
    ModelError,
    display_name,
    find_device,
    find_dtype,
    load_pipeline,
)
from worker.batching.denoising import Conditioning, Denoising
from worker.batching.plan import NoiseSchedule, plan
from worker.batching.request import ImageRequest, Listener


class Denoiser:
    """A Stable-Diffusion checkpoint on one device. Only the thread that owns the device may call
    `begin`, `predict` and `decode`; `denoising` is free for all."""

    def __init__(self, pipeline: StableDiffusionPipeline, name: str) -> None:
        self.name = name
        """A hub id or a folder's name, as written into pictures."""
        self.scale: int = pipeline.vae_scale_factor
        """Pixels along one side of a latent's cell."""
        self.schedule = NoiseSchedule.from_config(pipeline.scheduler.config)
        self._pipeline = pipeline

    @classmethod
    def load(cls, model: str, *, device: str = "auto", precision: str = "auto") -> Self:
        """Load a folder or hub id; ModelError says what to do if that cannot be."""
        place = find_device(device)
        pipeline = load_pipeline(model, place, find_dtype(precision, place))
        try:
            return cls(pipeline, display_name(model))
        except ValueError as error:
            raise ModelError(f"The image model {model!r} cannot be used: {error}") from error

    @property
    def device(self) -> torch.device:
        """Where the model computes."""
        return self._pipeline.device

    def native_size(self) -> tuple[int, int]:
        """(width, height) in pixels that the model was trained on."""
        size = self._pipeline.unet.config.sample_size
        height, width = (size, size) if isinstance(size, int) else size
        return width * self.scale, height * self.scale

    def denoising(
        self, request: ImageRequest, priority: str = "normal", listener: Listener | None = None
    ) -> Denoising:
        """Check and plan a request, without touching the device; ValueError says what is wrong."""
        return Denoising(
            request=request,
            plan=plan(
                request.level.sampler,
                request.level.steps,
                self.schedule,
                eta=request.level.eta,
                strength=request.strength,
            ),
            shape=self._latent_shape(request),
            priority=priority,
            listener=listener or Listener(),
        )

    @torch.inference_mode()
    def begin(self, denoising: Denoising) -> None:
        """Encode the prompts and draw the first latent."""
        pipeline, request = self._pipeline, denoising.request
        prompt, negative = pipeline.encode_prompt(
            request.prompt, pipeline.device, 1, request.guided, request.negative_prompt
        )
        denoising.begin(Conditioning(prompt, negative), pipeline.device)

    def release(self, denoising: Denoising) -> None:
        """Called when an image leaves, for whatever reason, begun or not; harmless if repeated."""

    @torch.inference_mode()
    def predict(self, batch: Sequence[Denoising]) -> Tensor:
        """What the model says of each latent at its own timestep, guidance applied.

        One model call: everybody's conditional row, then the unconditional rows of those with
        guidance. Returns (n, channels, height, width), float32.
        """
        guided = [index for index, denoising in enumerate(batch) if denoising.guided]
        said = self._ask(batch, guided)
        prediction, unconditional = said[: len(batch)], said[len(batch) :]
        scales = [batch[index].level.guidance_scale for index in guided]
        scale = torch.tensor(scales, device=said.device)[:, None, None, None]
        prediction[guided] = unconditional + scale * (prediction[guided] - unconditional)
        return prediction

    @torch.inference_mode()
    def decode(self, latent: Tensor) -> Image:
        """The picture of a (1, channels, height, width) latent, as diffusers' pipeline makes it."""
        vae = self._pipeline.vae
        scaled = latent.to(vae.dtype) / vae.config.scaling_factor
        pixels = vae.decode(scaled, return_dict=False)[0]
        return self._pipeline.image_processor.postprocess(pixels, output_type="pil")[0]

    def _ask(self, batch: Sequence[Denoising], guided: Sequence[int]) -> Tensor:
        """(n + len(guided), channels, height, width) of float32, conditional rows first."""
        unet = self._pipeline.unet
        rows = [*range(len(batch)), *guided]
        prompts = [denoising.conditioning.prompt for denoising in batch]
        negatives = [batch[index].conditioning.negative for index in guided]
        timesteps = [batch[index].row.timestep for index in rows]
        return unet(
            torch.cat([batch[index].latent for index in rows]).to(unet.dtype),
            torch.tensor(timesteps, device=unet.device),
            encoder_hidden_states=torch.cat([*prompts, *negatives]),
            return_dict=False,
        )[0].float()

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
        return self._pipeline.unet.config.in_channels, height // self.scale, width // self.scale
