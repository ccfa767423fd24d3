"""The encoder: taught last, to give the latents as they are defined.

Text-to-image needs no encoder; image-to-image and the autoencoder's own figures do.
"""

import copy

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import nn
from torch.nn import functional

from models.training import autoencoder, scenes
from models.training.pacing import Run, Stage, follow, set_rate
from models.training.presets import LATENT_CHANNELS, Preset

RATE = 2e-3
LOG_VARIANCE = -6.0


def parts(model: AutoencoderKL) -> nn.ModuleList:
    """The half of the autoencoder that this stage trains."""
    return nn.ModuleList([model.encoder, model.quant_conv])


def loss(model: AutoencoderKL, pixels: torch.Tensor) -> torch.Tensor:
    """Squared error of the latents' means, and of their (small, constant) log-variance."""
    with torch.autocast(pixels.device.type, torch.bfloat16):
        moments = model.quant_conv(model.encoder(pixels))
    mean, log_variance = moments.float().split(LATENT_CHANNELS, 1)
    right = functional.mse_loss(mean, autoencoder.latents_of(pixels))
    return right + 0.01 * (log_variance - LOG_VARIANCE).square().mean()


def train(stage: Stage, preset: Preset) -> None:
    """Trains the encoder alone; the checkpoint holds the result."""
    model = autoencoder.build(preset).to(stage.device, memory_format=torch.channels_last)
    trained = parts(model)
    averaged = copy.deepcopy(trained).requires_grad_(False)
    optimizer = torch.optim.AdamW(trained.parameters(), lr=RATE, weight_decay=1e-4)
    run = Run(stage, {"model": trained, "averaged": averaged, "optimizer": optimizer})
    run.restore()
    rng = np.random.default_rng(run.steps)
    for share, bar in run.paced():
        set_rate(optimizer, share)
        size = max(1, preset.autoencoder_batch // 2)
        pictures = np.stack([scenes.draw(scenes.sample(rng)) for _ in range(size)])
        error = loss(model, autoencoder.to_tensor(pictures, stage.device))
        optimizer.zero_grad(set_to_none=True)
        error.backward()
        nn.utils.clip_grad_norm_(trained.parameters(), 1.0)
        optimizer.step()
        follow(averaged, trained, run.steps, 0.995)
        bar.set_postfix(step=run.steps, loss=f"{error.item():.4f}")
