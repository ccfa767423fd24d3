"""Reusing the UNet's deep features for a step or more, beside plain fewer steps of as much time.

    ../../../.venv/bin/python step_cache.py      in this folder, after `make`

A prototype after DeepCache (Ma et al., arXiv 2312.00858): of every N steps, one computes the whole
UNet and the others its outermost level alone, with the deep blocks' last answers. Pictures step
together from first to last, in a plain loop, because a cache holds for one batch of rows only.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from statistics import median
from typing import Any

import torch
from diffusers import UNet2DConditionModel
from terms import studio, twin, write
from torch import nn

from services.contract.ladder import ImageLevel
from worker.batching.checkpoint import Checkpoint
from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising, update
from worker.batching.request import Drawing
from worker.image_worker import SHIPPED_ILLUSTRATOR
from worker.study.judging.gallery import Round, Sheet, shared_out
from worker.study.judging.studio import Studio
from worker.study.progress import progress

EVERY = (2, 3)
BATCH = 8
REPEATS = 20
CAPTION = (
    "A step cache (deep blocks every 2nd or 3rd step): DDIM {steps}, guidance 3, the shipped "
    "illustrator, batches of {batch}; seconds are those of the steps, without decoding. A cached "
    "step took {cost:.2f} of a whole one's time. Below each cache, plain fewer steps that take as "
    "long; the last two columns are the cache's figures less these."
)


class StepCache:
    """Stands between a UNet and its deep blocks."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        self.fresh = True
        self._kept: dict[nn.Module, Any] = {}
        for block in (*unet.down_blocks[1:], unet.mid_block, *unet.up_blocks[:-1]):
            block.forward = partial(self._answer, block, block.forward)

    def _answer(self, block: nn.Module, compute: Callable[..., Any], *given: Any, **named: Any):
        if self.fresh:
            self._kept[block] = compute(*given, **named)
        return self._kept[block]


@dataclass(frozen=True)
class Arm:
    """One setting: so many steps, of which one in `every` is whole."""

    name: str
    steps: float
    """Of a picture, on average"""
    every: int = 1


@dataclass(frozen=True)
class Bench:
    """The denoiser and the cache inside of it."""

    shop: Studio
    level: ImageLevel
    cache: StepCache

    def begun(self, arm: Arm, start: int) -> list[Denoising]:
        """The batch that begins at caption `start`, before its first step."""
        sitting = replace(self.shop.sitting, group=BATCH)
        count = len(sitting.captions[start : start + BATCH])
        levels = shared_out(self.level, round(arm.steps * count), count)
        denoiser = self.shop.denoiser
        images = [denoiser.denoising(request) for request in sitting.requests(start, levels)]
        for image in images:
            denoiser.begin(image)
        return images

    def draw(self, arm: Arm, start: int) -> Round:
        """A batch from first to last step, timed; decoding is not."""
        images, denoiser = self.begun(arm, start), self.shop.denoiser
        began, number = time.perf_counter(), 0
        while batch := [image for image in images if not image.finished]:
            self.cache.fresh = number % arm.every == 0
            update(batch, denoiser.predict(batch))
            number += 1
        seconds = time.perf_counter() - began
        drawn = [
            Drawing(denoiser.decode(each.latent)[0], each.step, each.level, None, ())
            for each in images
        ]
        return Round(tuple(drawn), seconds)

    def cost_of_a_cached_step(self) -> float:
        """Its time over that of a whole step, medians by turns."""
        images = self.begun(Arm("cost", self.level.steps), 0)
        seconds: dict[bool, list[float]] = {True: [], False: []}
        for fresh in (True, False) * REPEATS:
            self.cache.fresh, began = fresh, time.perf_counter()
            self.shop.denoiser.predict(images)
            seconds[fresh].append(time.perf_counter() - began)
        return median(seconds[False]) / median(seconds[True])


def arms(steps: int, cost: float) -> list[Arm]:
    """All steps, and every cache with its twin of as much time."""
    found = [Arm("whole steps", steps)]
    for every in EVERY:
        whole = -(-steps // every)
        cached = Arm(f"1 of {every} steps whole", steps, every)
        found += [cached, Arm(twin(cached.name), whole + (steps - whole) * cost)]
    return found


@torch.inference_mode()
def main() -> None:
    """Draw, judge, write."""
    shop, steps = studio(__doc__)
    reference = shop.reference()
    checkpoint = Checkpoint.load(str(SHIPPED_ILLUSTRATOR), shop.denoiser.device, "fp32")
    shop = replace(shop, denoiser=Denoiser(checkpoint))
    level = shop.terms.level(sampler="ddim", steps=steps)
    bench = Bench(shop, level, StepCache(checkpoint.pipeline.unet))
    cost = bench.cost_of_a_cached_step()
    compared = arms(steps, cost)
    sheets = {arm.name: Sheet() for arm in compared}
    starts = range(0, len(shop.terms.captions), BATCH)
    with progress(len(starts), "drawn") as tell:
        for start in starts:
            for arm in compared:
                sheets[arm.name].rounds.append(bench.draw(arm, start))
            tell()
    told = CAPTION.format(steps=steps, batch=BATCH, cost=cost)
    write(f"step_cache_{steps}", told, shop.judged(sheets, reference))


if __name__ == "__main__":
    main()
