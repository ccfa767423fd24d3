"""The shipped folders: plain diffusers loads and draws, and what it draws is what was asked."""

from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, StableDiffusionPipeline

from models.training import drawing, judge

MODELS = Path(__file__).parents[2] / "models"
FOLDERS = (MODELS / "illustrator", MODELS / "clip")
MEBIBYTE = 2**20


@pytest.fixture(scope="module")
def pipeline() -> StableDiffusionPipeline:
    return drawing.load_pipeline(FOLDERS[0])


@pytest.fixture(scope="module")
def examiner() -> judge.Judge:
    return judge.Judge(FOLDERS[1])


def test_the_weights_are_small_enough_to_travel() -> None:
    sizes = [path.stat().st_size for folder in FOLDERS for path in folder.rglob("*.safetensors")]
    assert len(sizes) >= 4
    assert sum(sizes) <= 40 * MEBIBYTE
    assert max(sizes) <= 16 * MEBIBYTE


def test_the_scheduler_configuration_suits_both_samplers(pipeline: StableDiffusionPipeline) -> None:
    for sampler in (DDIMScheduler, DDPMScheduler):
        made = sampler.from_pretrained(FOLDERS[0], subfolder="scheduler")
        made.set_timesteps(4)
        assert made.config.prediction_type == "v_prediction"
        assert made.timesteps.tolist() == [999, 749, 499, 249]
    assert pipeline.unet.config.sample_size == 8


@pytest.mark.parametrize("sampler", ["ddim", "ddpm"])
def test_it_draws_finite_pictures_and_a_seed_repeats(
    pipeline: StableDiffusionPipeline, sampler: str
) -> None:
    texts = ["a fox in the forest", "qwxzy 狐 !!"]
    first, again = (drawing.draw(pipeline, texts, sampler, 3, 3.0) for _ in range(2))
    for picture, same in zip(first, again, strict=True):
        assert picture.size == (128, 128)
        assert np.array_equal(np.asarray(picture), np.asarray(same))
        assert np.asarray(picture).std() > 5


def test_it_draws_what_was_asked(pipeline: StableDiffusionPipeline, examiner: judge.Judge) -> None:
    lines = (MODELS / "captions-held-out.txt").read_text().splitlines()
    texts = [line for line in lines if " and " not in line][:32]
    drawn = drawing.draw(pipeline, texts, "ddim", 20, 3.0)
    found = judge.recall(examiner.pictures(drawn), examiner.captions(texts))
    assert found >= 0.9


def test_a_caption_with_words_it_does_not_know_still_shows_its_subject(
    pipeline: StableDiffusionPipeline, examiner: judge.Judge
) -> None:
    texts = [f"once upon a time there was a {name} called Grumbletook" for name in ("owl", "boat")]
    drawn = drawing.draw(pipeline, texts, "ddim", 20, 3.0)
    choices = examiner.captions([f"a {name}" for name in ("owl", "boat", "pumpkin", "robot")])
    best = (examiner.pictures(drawn) @ choices.T).argmax(1)
    assert torch.equal(best, torch.tensor([0, 1]))
