"""Requests for the tests: a small default, and a mixed company."""

from dataclasses import replace
from typing import Any

from services.contract.ladder import ImageLevel
from worker.batching.denoising import ImageRequest

LEVEL = ImageLevel(sampler="ddim", steps=4, guidance_scale=4.0)
REQUEST = ImageRequest(prompt="a fox in the snow", seed=3, level=LEVEL)


def image_request(**changes: Any) -> ImageRequest:
    """A fox in the snow, DDIM in 4 steps with guidance, but for `changes` (the level's too)."""
    of_level = {name: changes.pop(name) for name in set(changes) & set(ImageLevel.model_fields)}
    level = ImageLevel(**{**dict(LEVEL), **of_level})
    return replace(REQUEST, level=level, **changes)


MIXED = [
    image_request(seed=11, sampler="ddpm", steps=20),
    image_request(seed=12, steps=3, guidance_scale=1.0),
    image_request(seed=13, steps=8, negative_prompt="blurry red owl", guidance_scale=7.5),
    image_request(seed=14, steps=6, width=48, height=32),
    image_request(seed=15, sampler="ddpm", steps=5, guidance_scale=0.0, prompt="a bear"),
    image_request(seed=16, steps=1, prompt="an owl and a bear at night"),
    image_request(seed=2**63 + 17, sampler="ddpm", steps=2, width=48, height=32),
]
"""Both samplers, several step counts, with and without guidance, two sizes, a very large seed."""
