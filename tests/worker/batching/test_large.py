"""SDXL's architecture: two text encoders, the pooled prompt and the size of the picture."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from PIL.Image import Image

from tests.worker.batching.oracle import SAME, Draw, diffusers_large_artist, psnr
from tests.worker.batching.requests import image_request
from tests.worker.batching.tiny import edit_json, write_large_checkpoint
from worker.batching.checkpoint import ModelError
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.batching.reference import draw
from worker.batching.request import ImageRequest

pytestmark = pytest.mark.usefixtures("one_thread")

REQUESTS = {
    "guided": image_request(seed=1),
    "unguided": image_request(seed=2, guidance_scale=1.0, sampler="ddpm", steps=6),
    "negative": image_request(seed=3, negative_prompt="blurry red owl", guidance_scale=7.5),
    "wide": image_request(seed=4, width=48, height=24, steps=5),
    "native-guided": image_request(seed=5, prompt="a bear at night", sampler="ddpm", steps=8),
}


@pytest.fixture(scope="module")
def artist(large_checkpoint: Path) -> Draw:
    return diffusers_large_artist(large_checkpoint)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkpoint of the test's own, to be changed."""
    return write_large_checkpoint(tmp_path / "copy")


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS.keys())
def test_a_picture_is_diffusers_own(
    large_denoiser: Denoiser, artist: Draw, request_: ImageRequest
) -> None:
    assert psnr(draw(large_denoiser, request_), artist(request_)) >= SAME


def test_company_changes_nothing(large_denoiser: Denoiser, artist: Draw) -> None:
    with Engine(large_denoiser, cap=len(REQUESTS)) as engine:
        futures = [engine.submit(request) for request in REQUESTS.values()]
        pictures: list[Image] = [future.result(60).picture for future in futures]
    for picture, request in zip(pictures, REQUESTS.values(), strict=True):
        assert psnr(picture, artist(request)) >= SAME


def test_an_empty_negative_prompt_is_encoded_where_the_checkpoint_says_so(
    tmp_path: Path, large_denoiser: Denoiser
) -> None:
    """All weights are those of the other checkpoint."""
    folder = write_large_checkpoint(tmp_path / "encoded", zeros=False)
    picture = draw(Denoiser.load(str(folder), device="cpu"), REQUESTS["guided"])
    assert psnr(picture, diffusers_large_artist(folder)(REQUESTS["guided"])) >= SAME
    assert psnr(picture, draw(large_denoiser, REQUESTS["guided"])) < SAME


def test_the_size_and_the_pooled_prompt_are_read(large_denoiser: Denoiser) -> None:
    """Or the comparison with diffusers would say nothing of them."""
    image = large_denoiser.denoising(REQUESTS["unguided"])
    large_denoiser.begin(image)
    told, conditioning = large_denoiser.predict([image]), image.conditioning
    for part in ("size", "pooled"):
        image.conditioning = replace(conditioning, **{part: 3 * getattr(conditioning, part)})
        assert not torch.allclose(told, large_denoiser.predict([image]), atol=1e-2)
    large_denoiser.release(image)


def test_half_precision_draws_the_same_picture_roughly(
    large_denoiser: Denoiser, large_checkpoint: Path
) -> None:
    rough = Denoiser.load(str(large_checkpoint), device="cpu", precision="bf16")
    request = REQUESTS["guided"]
    assert psnr(draw(large_denoiser, request), draw(rough, request)) >= 30


def test_its_autoencoder_stays_in_full_precision_where_fp16_overflows(
    large_checkpoint: Path,
) -> None:
    pipeline = Denoiser.load(
        str(large_checkpoint), device="cpu", precision="fp16"
    ).checkpoint.pipeline
    assert (pipeline.unet.dtype, pipeline.vae.dtype) == (torch.float16, torch.float32)


@pytest.mark.parametrize("kind", ["Inpaint", "Img2Img"])
def test_other_pipelines_of_it_are_refused(copy: Path, kind: str) -> None:
    edit_json(copy / "model_index.json", _class_name=f"StableDiffusionXL{kind}Pipeline")
    with pytest.raises(ModelError, match="no refiner and no inpainting"):
        Denoiser.load(str(copy), device="cpu")


def test_a_refiner_that_calls_itself_a_base_is_refused(copy: Path) -> None:
    edit_json(copy / "model_index.json", text_encoder=[None, None], tokenizer=[None, None])
    with pytest.raises(ModelError, match="a refiner perhaps"):
        Denoiser.load(str(copy), device="cpu")


def test_an_autoencoder_with_a_mean_for_each_channel_is_refused(copy: Path) -> None:
    edit_json(copy / "vae" / "config.json", latents_mean=[0.0] * 4, latents_std=[1.0] * 4)
    with pytest.raises(ModelError, match="latents_mean"):
        Denoiser.load(str(copy), device="cpu")
