"""A picture that begins from another one."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image

from tests.worker.batching.oracle import SCHEDULERS, psnr
from tests.worker.batching.requests import image_request
from worker.batching.denoiser import Denoiser
from worker.batching.reference import draw

pytestmark = pytest.mark.usefixtures("one_thread")

ILLUSTRATOR = Path(__file__).parents[3] / "models" / "illustrator"


@pytest.fixture(scope="module")
def start(denoiser: Denoiser) -> Image.Image:
    return draw(denoiser, image_request(seed=50))


def test_its_latent_is_the_autoencoders(denoiser: Denoiser, start: Image.Image) -> None:
    """The plan's entry says how much of it is left: signal · latent + noise · ε."""
    image = denoiser.denoising(image_request(seed=3, start=start, strength=0.5))
    denoiser.begin(image)
    vae = denoiser.checkpoint.pipeline.vae
    pixels = torch.frombuffer(bytearray(start.tobytes()), dtype=torch.uint8)
    pixels = pixels.view(1, 32, 32, 3).permute(0, 3, 1, 2) / 127.5 - 1
    with torch.inference_mode():
        clean = vae.encode(pixels).latent_dist.mode() * vae.config.scaling_factor
    signal, noise = image.plan.entry
    drawn = torch.randn(clean.shape, generator=torch.Generator().manual_seed(3))
    torch.testing.assert_close(image.latent, signal * clean + noise * drawn, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_it_may_have_any_size_and_mode(denoiser: Denoiser, start: Image.Image, mode: str) -> None:
    given = start.convert(mode).resize((50, 70))
    request = image_request(start=given, strength=0.5, width=48, height=24)
    assert draw(denoiser, request).size == (48, 24)


def test_less_strength_stays_closer() -> None:
    """With the shipped illustrator, whose autoencoder knows pictures."""
    illustrator = Denoiser.load(str(ILLUSTRATOR), device="cpu")
    request = image_request(prompt="a bear in a boat", steps=8, guidance_scale=3.0)
    start = draw(illustrator, request)
    near, far = (
        psnr(draw(illustrator, replace(request, seed=1, start=start, strength=strength)), start)
        for strength in (0.2, 0.9)
    )
    assert near > far + 10


@pytest.mark.parametrize("sampler", ["ddim", "ddpm"])
def test_the_picture_is_diffusers_own(
    denoiser: Denoiser, checkpoints: dict[str, Path], start: Image.Image, sampler: str
) -> None:
    """diffusers draws the latent from the posterior; its most likely one is given to both."""
    pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(
        checkpoints["v_prediction"], safety_checker=None, requires_safety_checker=False
    )
    pipeline.set_progress_bar_config(disable=True)
    config = pipeline.scheduler.config
    pipeline.scheduler = SCHEDULERS[sampler].from_config(config, clip_sample=False)
    request = image_request(start=start, strength=0.6, steps=10, sampler=sampler)
    expected = pipeline(
        request.prompt,
        image=denoiser._autoencoder.encode(start, 32, 32),
        strength=0.6,
        num_inference_steps=10,
        guidance_scale=request.level.guidance_scale,
        generator=torch.Generator().manual_seed(request.seed),
    ).images[0]
    assert psnr(draw(denoiser, request), expected) >= 45
