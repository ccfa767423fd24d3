"""The parts of the training, against definitions and closed forms."""

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from diffusers import DDPMScheduler

from models.training import autoencoder, denoiser, judge, muon, scenes
from models.training.__main__ import Training
from models.training.pacing import Run, Stage, set_rate
from models.training.presets import PRESETS

TINY = replace(
    PRESETS["cpu"],
    autoencoder_channels=(8, 8, 8, 16, 16),
    autoencoder_batch=2,
    denoiser_channels=(32, 32, 32),
    denoiser_batch=4,
    clip_batch=4,
    scenes=32,
)


def test_latents_are_mean_colours_and_right_minus_left_brightness() -> None:
    picture = np.zeros((1, 128, 128, 3), np.uint8)
    picture[:, :16, 8:16] = 255
    latents = autoencoder.latents_of(autoencoder.to_tensor(picture, "cpu"))
    mean, deviation = map(torch.tensor, (autoencoder.LATENT_MEAN, autoencoder.LATENT_DEVIATION))
    raw = latents[0] * deviation.view(-1, 1, 1) + mean.view(-1, 1, 1)
    assert latents.shape == (1, 4, 8, 8)
    torch.testing.assert_close(raw[:, 0, 0], torch.tensor([0.0, 0.0, 0.0, 2.0]))
    torch.testing.assert_close(raw[:, 3, 3], torch.tensor([-1.0, -1.0, -1.0, 0.0]))


@pytest.mark.usefixtures("font")
def test_latents_of_the_world_are_standardised() -> None:
    rng = np.random.default_rng(0)
    pictures = np.stack([scenes.draw(scenes.sample(rng)) for _ in range(200)])
    latents = autoencoder.latents_of(autoencoder.to_tensor(pictures, "cpu"))
    assert latents.mean((0, 2, 3)).abs().max() < 0.1
    assert (latents.std((0, 2, 3)) - 1).abs().max() < 0.1


def test_min_snr_weights_follow_the_paper() -> None:
    alphas = DDPMScheduler(**denoiser.SCHEDULE).alphas_cumprod[[10, 500, 990]]
    snr = alphas / (1 - alphas)
    expected = [min(value, 5.0) / (value + 1) for value in snr.tolist()]
    assert denoiser.min_snr_weight(alphas).tolist() == pytest.approx(expected)


def test_the_shipped_schedule_ends_in_noise() -> None:
    assert DDPMScheduler(**denoiser.SCHEDULE).alphas_cumprod[-1] < 1e-6


def test_orthogonal_update_keeps_directions_and_evens_their_lengths() -> None:
    torch.manual_seed(0)
    left, _ = torch.linalg.qr(torch.randn(24, 24))
    right, _ = torch.linalg.qr(torch.randn(60, 24))
    matrix = left @ torch.diag(torch.linspace(1, 8, 24)) @ right.T
    found = muon.orthogonal(matrix)
    assert torch.linalg.svdvals(found).sub(1).abs().max() < 0.4
    assert (left.T @ found @ right).diag().min() > 0.5


def test_frechet_distance_of_gaussians_is_the_closed_form() -> None:
    rng = torch.Generator().manual_seed(0)
    standard = torch.randn(20_000, 3, generator=rng)
    other = 2 * torch.randn(20_000, 3, generator=rng) + 1
    expected = 100 * (3 * 1 + 3 * (2 - 1) ** 2)
    assert judge.frechet(standard, other) == pytest.approx(expected, rel=0.03)
    assert judge.frechet(standard, standard) == pytest.approx(0, abs=1e-6)


def test_recall_counts_pictures_that_find_their_own_caption() -> None:
    vectors = torch.eye(64)
    assert judge.recall(vectors, vectors) == 1.0
    assert judge.recall(vectors, vectors.roll(1, 0)) == 0.0
    assert judge.recall(torch.zeros(64, 64), vectors) == 0.0


def test_rate_warms_up_then_falls_to_a_fiftieth() -> None:
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=2.0)
    rates = []
    for share in (0.0, 0.01, 0.5, 1.0):
        set_rate(optimizer, share)
        rates.append(optimizer.param_groups[0]["lr"])
    assert rates[0] < 0.05
    assert rates[1:] == pytest.approx([2.0, 1.02, 0.04], rel=0.01)


def _counting(folder: Path, minutes: float) -> Run:
    layer = torch.nn.Linear(1, 1)
    return Run(Stage("layer", minutes, "cpu", folder), {"layer": layer})


def test_a_stage_goes_on_where_it_stopped(tmp_path: Path) -> None:
    first = _counting(tmp_path, 1e-4)
    for _ in first.paced():
        pass
    again = _counting(tmp_path, 1e-4)
    again.restore()
    assert again.steps == first.steps > 0
    assert list(again.paced()) == []
    torch.testing.assert_close(again.state["layer"].weight, first.state["layer"].weight)


@pytest.mark.usefixtures("font")
def test_every_stage_trains_and_leaves_a_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("models.training.workers.count_for", lambda device: 1)
    Training(TINY, "cpu", 1e-4, tmp_path).run()
    for stage in ("clip", "decoder", "denoiser", "encoder"):
        saved = torch.load(tmp_path / f"{stage}.pt")
        assert saved["steps"] > 0
        weights = [w for w in saved["state"].values() for w in w.values() if torch.is_tensor(w)]
        assert all(math.isfinite(w.float().sum()) for w in weights)
