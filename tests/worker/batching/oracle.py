"""The picture plain diffusers draws of a request, and how far another is from it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
)
from PIL.Image import Image

from worker.batching.request import ImageRequest

Draw = Callable[[ImageRequest], Image]

SAME = 55.0
"""dB from which two pictures are one, but for rounding here and there by one of 256 shades."""


SCHEDULERS: dict[str, Any] = {
    "ddim": DDIMScheduler,
    "ddpm": DDPMScheduler,
    "dpmpp-2m": DPMSolverMultistepScheduler,
    "euler": EulerDiscreteScheduler,
}


def diffusers_artist(folder: Path) -> Draw:
    """Draw with the plain pipeline of the checkpoint in `folder`."""
    return _artist(
        StableDiffusionPipeline.from_pretrained(
            folder, safety_checker=None, requires_safety_checker=False
        )
    )


def diffusers_large_artist(folder: Path) -> Draw:
    """The same for a checkpoint of SDXL's kind."""
    return _artist(StableDiffusionXLPipeline.from_pretrained(folder, add_watermarker=False))


def _artist(pipeline: StableDiffusionPipeline | StableDiffusionXLPipeline) -> Draw:
    pipeline.set_progress_bar_config(disable=True)
    config = pipeline.scheduler.config

    def draw(request: ImageRequest) -> Image:
        pipeline.scheduler = SCHEDULERS[request.level.sampler].from_config(
            config, clip_sample=False
        )
        return pipeline(
            request.prompt,
            negative_prompt=request.negative_prompt or None,
            width=request.width,
            height=request.height,
            guidance_scale=request.level.guidance_scale,
            num_inference_steps=request.level.steps,
            eta=request.level.eta,
            generator=torch.Generator("cpu").manual_seed(request.seed),
        ).images[0]

    return draw


def psnr(one: Image, other: Image) -> float:
    """Peak signal-to-noise ratio in dB, infinite for equal pictures."""
    first, second = (np.asarray(image, np.float64) for image in (one, other))
    assert first.shape == second.shape
    error = np.mean((first - second) ** 2)
    return float("inf") if error == 0 else float(10 * np.log10(255**2 / error))
