"""Stable Diffusion 1.5's architecture with random weights, which are as fast as trained ones.

Sizes as in the paper (arXiv 2112.10752) and the published configurations; `tiny` keeps the classes
and shrinks every size, for machines without a GPU.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from bench.conditions import SHIPPED

TOKENS, WORDS = 77, 49408


@dataclass(frozen=True, slots=True)
class Sizes:
    """What differs between the true architecture and the tiny one."""

    latent: int
    denoiser: tuple[int, int, int, int]
    autoencoder: tuple[int, int, int, int]
    layers: int
    """In a block of the denoiser"""
    heads: int
    groups: int
    text_width: int
    text_layers: int
    text_heads: int


TRUE = Sizes(64, (320, 640, 1280, 1280), (128, 256, 512, 512), 2, 8, 32, 768, 12, 12)
TINY = Sizes(8, (16, 16, 32, 32), (8, 8, 16, 16), 1, 4, 8, 32, 2, 4)


def write(folder: Path, sizes: Sizes, device: str, dtype: torch.dtype) -> None:
    """Write the checkpoint, its random weights drawn on `device`."""
    torch.manual_seed(0)
    with torch.device(device):
        parts = [_denoiser(sizes), _autoencoder(sizes), _text_encoder(sizes)]
    denoiser, autoencoder, text_encoder = (part.to(dtype).eval() for part in parts)
    StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=text_encoder,
        tokenizer=CLIPTokenizer.from_pretrained(SHIPPED / "tokenizer", model_max_length=TOKENS),
        unet=denoiser,
        scheduler=_schedule(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)


def _denoiser(sizes: Sizes) -> UNet2DConditionModel:
    """860 million weights at the true sizes; the down and up blocks are the class's defaults."""
    return UNet2DConditionModel(
        sample_size=sizes.latent,
        block_out_channels=sizes.denoiser,
        layers_per_block=sizes.layers,
        cross_attention_dim=sizes.text_width,
        attention_head_dim=sizes.heads,
        norm_num_groups=sizes.groups,
    )


def _autoencoder(sizes: Sizes) -> AutoencoderKL:
    return AutoencoderKL(
        sample_size=8 * sizes.latent,
        block_out_channels=sizes.autoencoder,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        norm_num_groups=sizes.groups,
        latent_channels=4,
    )


def _text_encoder(sizes: Sizes) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=WORDS,
            hidden_size=sizes.text_width,
            intermediate_size=4 * sizes.text_width,
            num_hidden_layers=sizes.text_layers,
            num_attention_heads=sizes.text_heads,
            max_position_embeddings=TOKENS,
        )
    )


def _schedule() -> DDIMScheduler:
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )
