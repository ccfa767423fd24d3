"""diffusers' own pipeline, as its documentation uses it."""

from collections.abc import Sequence

import torch
from diffusers import DDIMScheduler, DDPMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from PIL.Image import Image

from bench.conditions import Conditions
from bench.orders import Order
from worker.illustrate import encode_png
from worker.precision import DTYPES

SCHEDULERS = {"ddim": DDIMScheduler, "ddpm": DDPMScheduler}


class PipelineContender:
    """One pipeline; one thread at a time."""

    def __init__(self, conditions: Conditions) -> None:
        self._pipeline = load(conditions)
        self._config = self._pipeline.scheduler.config

    @property
    def network(self) -> UNet2DConditionModel:
        """What predicts the noise."""
        return self._pipeline.unet

    def draw(self, order: Order) -> bytes:
        """One picture, and nobody else's meanwhile."""
        return encode_png(self.draw_together([order])[0], {})

    def draw_together(self, orders: Sequence[Order]) -> list[Image]:
        """Pictures of one level in one call: a call has one scheduler, one number of steps and
        one guidance scale for all its prompts."""
        at = orders[0].level
        self._pipeline.scheduler = SCHEDULERS[at.sampler].from_config(self._config)
        return self._pipeline(
            [order.prompt for order in orders],
            num_inference_steps=at.steps,
            guidance_scale=at.guidance_scale,
            generator=[torch.Generator("cpu").manual_seed(order.seed) for order in orders],
        ).images

    def draw_grouped(self, orders: Sequence[Order]) -> list[Image]:
        """Pictures of any levels, in the order of their orders: a call for each level."""
        groups: dict[object, list[int]] = {}
        for place, order in enumerate(orders):
            groups.setdefault(order.level, []).append(place)
        pictures: dict[int, Image] = {}
        for places in groups.values():
            together = self.draw_together([orders[place] for place in places])
            pictures.update(zip(places, together, strict=True))
        return [pictures[place] for place in range(len(orders))]


def load(conditions: Conditions) -> StableDiffusionPipeline:
    """The checkpoint as diffusers loads it, without the parts that draw nothing."""
    pipeline = StableDiffusionPipeline.from_pretrained(
        conditions.model,
        dtype=DTYPES[conditions.precision],
        safety_checker=None,
        requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(conditions.device)
