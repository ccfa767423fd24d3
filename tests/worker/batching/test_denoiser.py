"""Loading checkpoints, and what is said of those that cannot be used."""

import shutil
from pathlib import Path

import pytest
import torch

from tests.worker.batching.oracle import psnr
from tests.worker.batching.requests import image_request
from tests.worker.batching.tiny import edit_json, write_checkpoint
from worker.batching.checkpoint import ModelError
from worker.batching.denoiser import Denoiser
from worker.batching.reference import draw

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A checkpoint of the test's own, to be damaged."""
    return write_checkpoint(tmp_path / "copy", "v_prediction")


def test_the_native_size_is_the_latents_in_pixels(denoiser: Denoiser) -> None:
    assert denoiser.native_size() == (32, 32)
    assert denoiser.denoising(image_request()).shape == (4, 8, 8)


def test_a_size_is_in_pixels(denoiser: Denoiser) -> None:
    assert denoiser.denoising(image_request(width=48, height=24)).shape == (4, 6, 12)


@pytest.mark.parametrize("side", [4, 12, 20, 36])
def test_what_is_announced_can_be_drawn(denoiser: Denoiser, side: int) -> None:
    assert denoiser.sizes.allow(side)
    assert draw(denoiser, image_request(width=side, height=32)).size == (side, 32)


@pytest.mark.parametrize("side", [2, 30, 33])
def test_what_is_not_announced_cannot(denoiser: Denoiser, side: int) -> None:
    assert not denoiser.sizes.allow(side)
    with pytest.raises(ValueError, match="must be a multiple of 4"):
        denoiser.denoising(image_request(width=side))


@pytest.mark.parametrize("size", [{"width": 30}, {"height": 33}, {"width": 0}, {"height": -8}])
def test_a_size_that_is_no_multiple_of_a_cell_is_refused(
    denoiser: Denoiser, size: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(size))} must be a multiple of 4"):
        denoiser.denoising(image_request(**size))


def test_a_mixed_batch_gets_what_each_gets_alone(denoiser: Denoiser) -> None:
    requests = [
        image_request(seed=1, steps=2),
        image_request(seed=2, guidance_scale=1.0, sampler="ddpm", steps=50),
        image_request(seed=3, guidance_scale=7.5, prompt="a bear", negative_prompt="blurry"),
    ]
    batch = [denoiser.denoising(request) for request in requests]
    for image in batch:
        denoiser.begin(image)
    together = denoiser.predict(batch)
    alone = torch.cat([denoiser.predict([image]) for image in batch])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-5)


def test_a_request_without_guidance_costs_one_row(denoiser: Denoiser) -> None:
    rows = []
    unet = denoiser.checkpoint.pipeline.unet
    hook = unet.register_forward_pre_hook(lambda _unet, given: rows.append(len(given[0])))
    batch = [denoiser.denoising(image_request(guidance_scale=scale)) for scale in (1.0, 3.0, 0.5)]
    for image in batch:
        denoiser.begin(image)
    denoiser.predict(batch)
    hook.remove()
    assert rows == [4]


def test_half_precision_draws_the_same_picture_roughly(
    checkpoints: dict[str, Path],
) -> None:
    exact, rough = (
        Denoiser.load(str(checkpoints["v_prediction"]), device="cpu", precision=p)
        for p in ("fp32", "bf16")
    )
    assert psnr(draw(exact, image_request()), draw(rough, image_request())) >= 30


def test_the_name_is_the_folders_own(denoiser: Denoiser, checkpoints: dict[str, Path]) -> None:
    assert denoiser.name == checkpoints["v_prediction"].name


def test_a_missing_model_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="STORYTELLER_IMAGE_MODEL must name a folder"):
        Denoiser.load(str(tmp_path / "nowhere"), device="cpu")


def test_a_mistyped_folder_is_not_looked_for_on_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_network(*_: object, **__: object) -> None:
        raise AssertionError("the hub was asked about a folder")

    (tmp_path / "models").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("httpx.Client.send", no_network)
    for folder in ("models/ilustrator", "./ilustrator", str(tmp_path / "ilustrator")):
        with pytest.raises(ModelError, match="STORYTELLER_IMAGE_MODEL must name a folder"):
            Denoiser.load(folder, device="cpu")


def test_an_empty_folder_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"model_index\.json"):
        Denoiser.load(str(tmp_path), device="cpu")


def test_damaged_weights_say_to_fetch_them_again(copy: Path) -> None:
    weights = copy / "unet" / "diffusion_pytorch_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:1000])
    with pytest.raises(ModelError, match="fetch or build it again"):
        Denoiser.load(str(copy), device="cpu")


def test_a_missing_part_says_to_fetch_it_again(copy: Path) -> None:
    shutil.rmtree(copy / "vae")
    with pytest.raises(ModelError, match="fetch or build it again"):
        Denoiser.load(str(copy), device="cpu")


def test_another_kind_of_pipeline_is_refused(copy: Path) -> None:
    edit_json(copy / "model_index.json", _class_name="StableDiffusionInpaintPipeline")
    with pytest.raises(ModelError, match=r"InpaintPipeline.*1\.x, 2\.x and XL"):
        Denoiser.load(str(copy), device="cpu")


def test_a_scheduler_config_no_table_can_follow_is_refused(copy: Path) -> None:
    edit_json(copy / "scheduler" / "scheduler_config.json", thresholding=True)
    with pytest.raises(ModelError, match="thresholding"):
        Denoiser.load(str(copy), device="cpu")


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "cpu:0", ""])
def test_an_unknown_device_is_refused(device: str) -> None:
    with pytest.raises(ModelError, match="auto, cpu, cuda"):
        Denoiser.load("anything", device=device)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(ModelError, match=r"PyTorch sees 0 GPU\(s\)"):
        Denoiser.load("anything", device="cuda:1")


def test_an_unknown_precision_is_refused() -> None:
    with pytest.raises(ModelError, match="fp32, bf16, fp16"):
        Denoiser.load("anything", device="cpu", precision="fp8")
