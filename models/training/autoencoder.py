"""The autoencoder: 128x128 pictures to 8x8x4 latents, and back.

What the latents mean is fixed, not learned: the mean colour of each 16x16 cell, and how much
brighter its right half is. Such latents are smooth, so a small denoiser learns them fast; the
denoiser and the decoder can train at the same time; and the decoder, which knows the small world
of sprites, paints the detail. The encoder is trained last, to give the same latents.
"""

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch.nn import functional

from models.training.backgrounds import SIZE
from models.training.presets import LATENT_CHANNELS, Preset

CELL = 16
CELLS = SIZE // CELL
LATENT_MEAN = (0.17, 0.17, 0.15, 0.0)
LATENT_DEVIATION = (0.56, 0.51, 0.57, 0.17)
BRIGHTNESS = (0.299, 0.587, 0.114)


def build(preset: Preset) -> AutoencoderKL:
    """An untrained autoencoder of the preset's size."""
    blocks = len(preset.autoencoder_channels)
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * blocks,
        up_block_types=("UpDecoderBlock2D",) * blocks,
        block_out_channels=preset.autoencoder_channels,
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=8,
        sample_size=SIZE,
        mid_block_add_attention=False,
        scaling_factor=1.0,
    )


def to_tensor(pictures: np.ndarray, device: str) -> torch.Tensor:
    """uint8 [n, height, width, 3] to float [n, 3, height, width] in -1..1."""
    pixels = torch.from_numpy(pictures).to(device).permute(0, 3, 1, 2)
    return pixels.float().div(127.5).sub(1).contiguous(memory_format=torch.channels_last)


def latents_of(pixels: torch.Tensor) -> torch.Tensor:
    """The latents [n, 4, h/16, w/16] of pictures [n, 3, h, w] in -1..1, standardised."""
    colour = functional.avg_pool2d(pixels, CELL)
    weights = torch.tensor(BRIGHTNESS, device=pixels.device).view(1, 3, 1, 1)
    halves = functional.avg_pool2d((pixels * weights).sum(1, keepdim=True), (CELL, CELL // 2))
    latents = torch.cat([colour, halves[..., 1::2] - halves[..., ::2]], 1)
    mean = torch.tensor(LATENT_MEAN, device=pixels.device).view(1, -1, 1, 1)
    return (latents - mean) / torch.tensor(LATENT_DEVIATION, device=pixels.device).view(1, -1, 1, 1)


def reconstruction_loss(drawn: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """L1 + L1 of gradients + MSE: the gradients keep outlines crisp."""
    edges = sum(functional.l1_loss(drawn.diff(dim=axis), real.diff(dim=axis)) for axis in (-1, -2))
    return functional.l1_loss(drawn, real) + edges + functional.mse_loss(drawn, real)


def psnr(mse: float) -> float:
    """Peak signal-to-noise ratio in dB of a mean squared error over pixels in -1..1."""
    return 10 * np.log10(4 / max(mse, 1e-9))
