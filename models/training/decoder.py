"""The decoder: paints a picture from latents, as one who knows the sprites."""

import copy

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch.nn import functional

from models.training import autoencoder, muon, scenes, workers
from models.training.autoencoder import CELL, CELLS
from models.training.pacing import Run, Stage, follow, set_rate
from models.training.presets import Preset

RATE = 2e-3
KERNEL_RATE = 8e-3
NOISE = 0.15
CROP_CELLS = 5
FULL_PICTURE_SHARE = 0.3


class _Batches:
    """Pictures and their slightly noisy latents, cut alike on the grid of cells."""

    def __init__(self, size: int, seed: tuple[int, int], device: str) -> None:
        self.size, self.device = size, device
        self.rng = np.random.default_rng(seed)

    def _noisy(self, held: torch.Tensor) -> torch.Tensor:
        amount = NOISE * torch.rand(len(held), 1, 1, 1, device=held.device)
        return held + amount * torch.randn_like(held)

    def __call__(self) -> tuple[torch.Tensor, torch.Tensor]:
        side = CELLS if self.rng.random() < FULL_PICTURE_SHARE else CROP_CELLS
        size = max(1, self.size * CROP_CELLS**2 // side**2)
        pictures = np.stack([scenes.draw(scenes.sample(self.rng)) for _ in range(size)])
        real = autoencoder.to_tensor(pictures, self.device)
        row, column = CELLS - side, int(self.rng.integers(CELLS - side + 1))
        row = int(self.rng.integers(row + 1)) if self.rng.random() < 0.4 else row
        held = autoencoder.latents_of(real)[..., row : row + side, column : column + side]
        rows, columns = (slice(at * CELL, (at + side) * CELL) for at in (row, column))
        return real[..., rows, columns], self._noisy(held)


def loss(
    model: AutoencoderKL, real: torch.Tensor, held: torch.Tensor
) -> tuple[torch.Tensor, float]:
    """Reconstruction loss of pictures from their latents, and the plain MSE to report."""
    with torch.autocast(real.device.type, torch.bfloat16):
        drawn = model.decode(held).sample
    drawn = drawn.float()
    return autoencoder.reconstruction_loss(drawn, real), functional.mse_loss(
        drawn.detach(), real
    ).item()


def _build(preset: Preset, device: str) -> AutoencoderKL:
    model = autoencoder.build(preset).to(device, memory_format=torch.channels_last)
    model.encoder.requires_grad_(False)
    model.quant_conv.requires_grad_(False)
    return model


def train(stage: Stage, preset: Preset, team: workers.Team) -> None:
    """Trains decoder alone, from the latents as defined; the checkpoint holds the result."""
    torch.manual_seed(0)
    model = _build(preset, stage.device)
    averaged = copy.deepcopy(model).requires_grad_(False)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    kernels, rest = muon.split(parameters)
    optimizers = {"muon": muon.Muon(kernels, KERNEL_RATE), "adam": torch.optim.AdamW(rest, RATE)}
    run = Run(stage, {"model": model, "averaged": averaged, **optimizers})
    run.restore()
    batch = _Batches(preset.autoencoder_batch // team.count, (run.steps, team.rank), stage.device)
    for share, bar in run.paced(lead=team.rank == 0, agree=team.agree):
        weighted, mse = loss(model, *batch())
        model.zero_grad(set_to_none=True)
        weighted.backward()
        team.average_gradients(parameters)
        for optimizer in optimizers.values():
            set_rate(optimizer, share)
            optimizer.step()
        if team.rank == 0:
            follow(averaged, model, run.steps, 0.995)
            bar.set_postfix(step=run.steps, psnr=f"{autoencoder.psnr(mse):.1f}")


def _work(rank: int, count: int, task: tuple[Stage, Preset]) -> None:
    train(*task, workers.Team(rank, count))


def launch(stage: Stage, preset: Preset) -> None:
    """Trains in as many processes as suit the device."""
    workers.spawn(_work, workers.count_for(stage.device), (stage, preset))
