"""Requests for the tests: a small default, and a mixed company."""

from dataclasses import replace
from typing import Any

from services.contract.ladder import ImageLevel
from worker.batching.request import ImageRequest

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
    image_request(seed=18, sampler="dpmpp-2m", steps=10),
    image_request(seed=19, sampler="euler", steps=7, prompt="a red owl"),
    image_request(seed=20, sampler="euler", steps=12, guidance_interval=(0.2, 3.0)),
    image_request(seed=21, sampler="dpmpp-2m", steps=3, width=48, height=32),
    image_request(seed=22, steps=9, eta=0.5),
    image_request(seed=23, sampler="dpmpp-2m", steps=6, precision="bf16"),
    image_request(seed=24, sampler="ddpm", steps=4, precision="bf16"),
    image_request(seed=25, steps=50, prompt="a fox at night"),
    image_request(seed=26, sampler="euler", steps=2, guidance_scale=2.0),
]
"""Every sampler, several step counts, with and without guidance and only where it matters, two
sizes, two precisions, a very large seed: sixteen at once."""
