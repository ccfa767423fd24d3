"""Draws captions with the shipped pipeline, as plain diffusers does."""

from collections.abc import Sequence
from pathlib import Path

import torch
from diffusers import DDIMScheduler, DDPMScheduler, StableDiffusionPipeline
from PIL import Image

SAMPLERS = {"ddpm": DDPMScheduler, "ddim": DDIMScheduler}
SEED = 1
BATCH = 32


def load_pipeline(folder: Path) -> StableDiffusionPipeline:
    """The shipped pipeline in float32, without a progress bar."""
    pipeline = StableDiffusionPipeline.from_pretrained(folder, dtype=torch.float32)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def draw(
    pipeline: StableDiffusionPipeline,
    texts: Sequence[str],
    sampler: str,
    steps: int,
    guidance: float,
) -> list[Image.Image]:
    """One picture a caption; picture i has seed SEED + i."""
    pipeline.scheduler = SAMPLERS[sampler].from_config(pipeline.scheduler.config)
    drawn: list[Image.Image] = []
    for start in range(0, len(texts), BATCH):
        batch = list(texts[start : start + BATCH])
        seeds = range(SEED + start, SEED + start + len(batch))
        generators = [torch.Generator("cpu").manual_seed(seed) for seed in seeds]
        drawn += pipeline(
            batch, num_inference_steps=steps, guidance_scale=guidance, generator=generators
        ).images
    return drawn
