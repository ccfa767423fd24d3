"""Pictures of the shipped illustrator that leave early resemble those that do not."""

from pathlib import Path
from unittest.mock import Mock

import pytest
import torch
from PIL.Image import Image

from services.contract.ladder import EarlyExit, Measure
from tests.worker.batching.oracle import psnr
from tests.worker.batching.requests import image_request
from worker.batching import exits as exits_module
from worker.batching.clip_watch import SHIPPED_CLIP, ClipWatch
from worker.batching.denoiser import Denoiser
from worker.batching.denoising import Denoising, update
from worker.batching.exits import Exits

pytestmark = pytest.mark.usefixtures("one_thread")

ILLUSTRATOR = Path(__file__).parents[3] / "models" / "illustrator"
PROMPTS = ["a fox in the snow at night", "a castle by the sea", "an owl and a bear in the forest"]
STEPS = 25
SENSIBLE = [
    ("ddim", "relative-change", 0.03),
    ("ddpm", "relative-change", 0.08),  # fresh noise in each step keeps the predictions moving
    ("ddim", "mutual-information", 0.93),
    ("ddpm", "mutual-information", 0.84),
    ("ddim", "clip-score", 1.0),
    ("ddpm", "clip-score", 1.0),
]
NEVER = [("relative-change", 1e-9), ("mutual-information", 1.0)]


@pytest.fixture(scope="module")
def illustrator() -> Denoiser:
    return Denoiser.load(str(ILLUSTRATOR), device="cpu")


@pytest.fixture(scope="module")
def watch() -> ClipWatch:
    return ClipWatch.load(str(SHIPPED_CLIP), device="cpu")


@pytest.fixture(scope="module")
def exits(illustrator: Denoiser, watch: ClipWatch) -> Exits:
    return Exits(illustrator.decode, watch)


def begun(denoiser: Denoiser, rule: EarlyExit | None, sampler: str) -> list[Denoising]:
    images = [
        denoiser.denoising(
            image_request(
                prompt=prompt, seed=seed, sampler=sampler, steps=STEPS, guidance_scale=3.0,
                early_exit=rule,
            )
        )
        for seed, prompt in enumerate(PROMPTS)
    ]  # fmt: skip
    for image in images:
        denoiser.begin(image)
    return images


@torch.inference_mode()
def drawn(denoiser: Denoiser, images: list[Denoising], exits: Exits) -> list[Image]:
    """Everybody's picture, by turns of everybody who has not left."""
    while batch := [image for image in images if not image.finished]:
        update(batch, denoiser.predict(batch))
        for image, where in zip(batch, exits.leaving(batch), strict=True):
            image.exit = where
    return [denoiser.decode(image.result)[0] for image in images]


@pytest.mark.parametrize(("sampler", "by", "threshold"), SENSIBLE)
def test_a_picture_that_has_settled_leaves_and_resembles_the_full_one(
    sampler: str,
    by: Measure,
    threshold: float,
    illustrator: Denoiser,
    watch: ClipWatch,
    exits: Exits,
) -> None:
    rule = EarlyExit(by=by, threshold=threshold, minimum_steps=6)
    images = begun(illustrator, rule, sampler)
    early = drawn(illustrator, images, exits)
    full = drawn(illustrator, begun(illustrator, None, sampler), exits)
    left = [image for image in images if image.exit]
    assert left
    for image in left:
        assert 6 <= image.exit.step == image.step < STEPS
        assert image.exit.by == by
    assert all(psnr(*pair) > 22 for pair in zip(early, full, strict=True))
    for score, best in zip(watch.score(early, PROMPTS), watch.score(full, PROMPTS), strict=True):
        assert score > best - 5  # two steps instead of 25 lose some 15


@pytest.mark.parametrize(("by", "threshold"), NEVER)
def test_a_threshold_out_of_reach_keeps_everybody_to_the_end(
    by: Measure, threshold: float, illustrator: Denoiser, exits: Exits
) -> None:
    images = begun(illustrator, EarlyExit(by=by, threshold=threshold), "ddim")
    early = drawn(illustrator, images, exits)
    assert [image.step for image in images if image.exit is None] == [STEPS] * len(PROMPTS)
    full = drawn(illustrator, begun(illustrator, None, "ddim"), exits)
    assert all(psnr(*pair) == float("inf") for pair in zip(early, full, strict=True))


def test_a_batch_without_a_rule_costs_nothing(
    illustrator: Denoiser, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = begun(illustrator, None, "ddim")
    for image in images:
        image.step = 10
    monkeypatch.setattr(exits_module, "torch", None)
    assert Exits(Mock(side_effect=AssertionError), None).leaving(images) == [None] * len(images)


def test_each_is_judged_by_its_own_rule(illustrator: Denoiser, exits: Exits) -> None:
    rules = [
        EarlyExit(by="relative-change", threshold=0.5),
        None,
        EarlyExit(by="mutual-information", threshold=0.01, minimum_steps=7),
    ]
    images = [begun(illustrator, rule, "ddim")[index] for index, rule in enumerate(rules)]
    drawn(illustrator, images, exits)
    assert [image.exit and (image.exit.by, image.exit.step) for image in images] == [
        ("relative-change", 4),
        None,
        ("mutual-information", 7),
    ]
