"""CLIPScore as transformers' own CLIPModel computes it, and what happens without a CLIP."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPModel, CLIPTokenizer

from services.contract.ladder import EarlyExit, ImageLevel
from worker.batching import clip_watch
from worker.batching.checkpoint import ModelError
from worker.batching.clip_watch import SHIPPED_CLIP, ClipWatch, clip_for
from worker.batching.exits import clip_for_levels

pytestmark = pytest.mark.usefixtures("one_thread")

CAPTIONS = SHIPPED_CLIP.parent / "captions-held-out.txt"
PROMPTS = ["a fox in the snow", "a bear at night", "a castle by the sea under the moon"]
PLAIN = ImageLevel(sampler="ddim", steps=8, guidance_scale=3)
BY_CLIP = PLAIN.model_copy(update={"early_exit": EarlyExit(by="clip-score", threshold=1)})
BY_CHANGE = PLAIN.model_copy(update={"early_exit": EarlyExit(by="relative-change", threshold=1)})


@pytest.fixture(scope="module")
def watch() -> ClipWatch:
    return ClipWatch.load(str(SHIPPED_CLIP), device="cpu")


@pytest.fixture(scope="module")
def pictures() -> list[Image.Image]:
    """Of the size that the shipped CLIP sees, so that nothing is resized."""
    values = np.random.default_rng(5).integers(0, 256, (3, 64, 64, 3), np.uint8)
    return [Image.fromarray(each) for each in values]


@torch.inference_mode()
def cosines(pictures: list[Image.Image], prompts: list[str]) -> list[float]:
    model = CLIPModel.from_pretrained(SHIPPED_CLIP, dtype=torch.float32)
    ids = CLIPTokenizer.from_pretrained(SHIPPED_CLIP)(prompts, padding=True, return_tensors="pt")
    values = torch.from_numpy(np.stack([np.asarray(each) for each in pictures])).float()
    pixels = (values / 255 - 0.5) / 0.5
    logits = model(pixel_values=pixels.permute(0, 3, 1, 2), **ids).logits_per_image
    return (logits.diagonal() / model.logit_scale.exp()).tolist()


def test_the_score_is_a_hundred_times_the_cosine(
    watch: ClipWatch, pictures: list[Image.Image]
) -> None:
    expected = [100 * max(each, 0) for each in cosines(pictures, PROMPTS)]
    assert watch.score(pictures, PROMPTS) == pytest.approx(expected, abs=1e-3)
    assert max(expected) > 0


def test_a_picture_that_contradicts_its_prompt_scores_nought(
    watch: ClipWatch, pictures: list[Image.Image]
) -> None:
    prompts = CAPTIONS.read_text().splitlines()
    expected = cosines(pictures[:1] * len(prompts), prompts)
    assert min(expected) < 0
    assert watch.score(pictures[:1], [prompts[np.argmin(expected)]]) == [0]


def test_a_prompt_is_read_once(watch: ClipWatch, monkeypatch: pytest.MonkeyPatch) -> None:
    first = watch.read(["a frog", "a frog in the desert"])
    monkeypatch.setattr(CLIPModel, "get_text_features", None)
    assert torch.equal(watch.read(["a frog", "a frog in the desert"]), first)


def test_a_prompt_longer_than_clip_reads_is_cut(
    watch: ClipWatch, pictures: list[Image.Image]
) -> None:
    assert watch.score(pictures[:1], ["a fox and a bear in the snow at night " * 30])


def test_only_the_shipped_illustrator_has_the_shipped_clip() -> None:
    assert clip_for(image_model="", clip_model="") == str(SHIPPED_CLIP)
    assert clip_for(image_model="some/model", clip_model="") is None
    assert clip_for(image_model="some/model", clip_model="a/clip") == "a/clip"


def test_a_clip_is_loaded_where_a_level_asks_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert clip_for_levels([PLAIN, BY_CLIP], str(SHIPPED_CLIP), device="cpu") is not None
    monkeypatch.setattr(clip_watch.CLIPModel, "from_pretrained", None)
    assert clip_for_levels([PLAIN, BY_CHANGE], str(SHIPPED_CLIP)) is None


def test_a_level_that_asks_for_a_clip_that_is_not_there_is_told_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="STORYTELLER_CLIP_MODEL"):
        clip_for_levels([BY_CLIP], None)
    with pytest.raises(ModelError, match="STORYTELLER_CLIP_MODEL"):
        clip_for_levels([BY_CLIP], str(tmp_path), device="cpu")
