"""The pictures that all contenders draw. Pure."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

from services.contract.ladder import ImageLevel

SUBJECTS = ("fox", "bear", "owl", "penguin", "rabbit", "whale", "cat", "dog", "tiger", "lion")
PLACES = ("in the snow", "on the beach", "in the forest", "at night", "at sunset", "by a tree")
GUIDANCE_SCALE = 3.0

# Different from order to order; in later rounds they come again, and the engine remembers them.
PROMPTS = tuple(f"a {subject} {place}" for place, subject in product(PLACES, SUBJECTS))


@dataclass(frozen=True, slots=True)
class Order:
    """One picture, the same to every contender."""

    prompt: str
    seed: int
    level: ImageLevel


def level(sampler: str, steps: int) -> ImageLevel:
    """A level with guidance, of which nothing but the sampler and the steps is special."""
    return ImageLevel(sampler=sampler, steps=steps, guidance_scale=GUIDANCE_SCALE)


DDIM_25 = level("ddim", 25)
LADDER = (level("ddpm", 100), DDIM_25, level("ddim", 8))
"""The shipped policy's three."""


def uniform(count: int, at: ImageLevel = DDIM_25) -> list[Order]:
    """`count` pictures at one level."""
    return [_order(number, at) for number in range(count)]


def mixed(count: int, seed: int, levels: Sequence[ImageLevel] = LADDER) -> list[Order]:
    """`count` pictures with as many of each level, in a random order that `seed` decides."""
    mixture = [levels[number % len(levels)] for number in range(count)]
    random.Random(seed).shuffle(mixture)
    return [_order(number, at) for number, at in enumerate(mixture)]


def _order(number: int, at: ImageLevel) -> Order:
    return Order(PROMPTS[number % len(PROMPTS)], number, at)
