"""A Stable-Diffusion checkpoint of the true classes, tiny and random, written to a folder."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

WORDS = ["a", "fox", "bear", "in", "the", "snow", "at", "night", "red", "blurry", "owl", "and"]
BOS, EOS = "<|startoftext|>", "<|endoftext|>"
LETTERS = "abcdefghijklmnopqrstuvwxyz"

SCHEDULERS: dict[str, Any] = {
    "epsilon": lambda: PNDMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        skip_prk_steps=True,
        steps_offset=1,
    ),
    "v_prediction": lambda: DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        clip_sample=False,
        steps_offset=1,
    ),
}
"""Stable Diffusion 1.x's scheduler config, and the shipped illustrator's."""


def write_checkpoint(folder: Path, prediction_type: str) -> Path:
    """Write the checkpoint; 32×32 pixels from 4×8×8 latents."""
    torch.manual_seed(7)
    tokenizer = _tokenizer(folder)
    pipeline = StableDiffusionPipeline(
        vae=_autoencoder(),
        text_encoder=_text_encoder(len(tokenizer)),
        tokenizer=tokenizer,
        unet=_denoiser(),
        scheduler=SCHEDULERS[prediction_type](),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(folder)
    return folder


def _tokenizer(folder: Path) -> CLIPTokenizer:
    """Whole words, and single letters for the words it does not know."""
    merges, tokens = [], [BOS, EOS, *LETTERS, *(f"{letter}</w>" for letter in LETTERS)]
    for word in WORDS:
        pieces = [*word[:-1], word[-1] + "</w>"]
        while len(pieces) > 1:
            merges.append((pieces[0], pieces[1]))
            pieces[:2] = [pieces[0] + pieces[1]]
            tokens.append(pieces[0])
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys(tokens))}
    return CLIPTokenizer(vocab=vocabulary, merges=list(dict.fromkeys(merges)), model_max_length=16)


def _text_encoder(words: int) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=words,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=16,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )
    return CLIPTextModel(config)


def _autoencoder() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(16, 16, 32),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        layers_per_block=1,
        norm_num_groups=8,
        sample_size=32,
    )


def _denoiser() -> UNet2DConditionModel:
    """Scaled up where it reads the prompt and where it answers, for its random weights would
    otherwise say nearly nothing, and say it of every prompt."""
    unet = UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        block_out_channels=(16, 32),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        layers_per_block=1,
        norm_num_groups=8,
        attention_head_dim=4,
        cross_attention_dim=32,
    )
    with torch.no_grad():
        unet.conv_out.weight.mul_(2)
        for name, weight in unet.named_parameters():
            if "attn2.to_out.0.weight" in name or "attn2.to_v" in name:
                weight.mul_(4)
    return unet


def edit_json(file: Path, **changes: Any) -> None:
    """Change some entries of a JSON file."""
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
