"""Stable-Diffusion checkpoints of the true classes, tiny and random, written to a folder."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    DDIMScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
)

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


def write_large_checkpoint(folder: Path, *, zeros: bool = True) -> Path:
    """Write one of SDXL's architecture; 32×32 pixels from 4×8×8 latents. `zeros`: nothing at all,
    instead of an encoded empty text, stands for no negative prompt."""
    torch.manual_seed(8)
    tokenizer = _tokenizer(folder)
    pipeline = StableDiffusionXLPipeline(
        vae=_autoencoder(),
        text_encoder=_text_encoder(len(tokenizer)),
        text_encoder_2=CLIPTextModelWithProjection(_text_config(len(tokenizer), act="gelu")),
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        unet=_large_denoiser(),
        scheduler=SCHEDULERS["epsilon"](),
        force_zeros_for_empty_prompt=zeros,
        add_watermarker=False,
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
    return CLIPTextModel(_text_config(words))


def _text_config(words: int, act: str = "quick_gelu") -> CLIPTextConfig:
    return CLIPTextConfig(
        vocab_size=words,
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=16,
        hidden_act=act,
        projection_dim=24,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=1,
    )


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
    return _outspoken(
        UNet2DConditionModel(
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
    )


def _large_denoiser() -> UNet2DConditionModel:
    """As SDXL's: no attention in the outer block, two transformers in the inner one, told the
    pooled prompt (24 numbers) and the size (6 of 8 numbers each)."""
    return _outspoken(
        UNet2DConditionModel(
            sample_size=8,
            in_channels=4,
            out_channels=4,
            block_out_channels=(16, 32),
            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
            up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
            layers_per_block=1,
            norm_num_groups=8,
            attention_head_dim=(2, 4),
            transformer_layers_per_block=(1, 2),
            use_linear_projection=True,
            cross_attention_dim=64,
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=24 + 6 * 8,
        )
    )


def _outspoken(unet: UNet2DConditionModel) -> UNet2DConditionModel:
    """Scaled up where it reads what it is told and where it answers, for its random weights would
    otherwise say nearly nothing, and say it of every prompt."""
    louder = ("attn2.to_out.0.weight", "attn2.to_v", "add_embedding.linear")
    with torch.no_grad():
        unet.conv_out.weight.mul_(2)
        for name, weight in unet.named_parameters():
            if any(part in name for part in louder):
                weight.mul_(4)
    return unet


def edit_json(file: Path, **changes: Any) -> None:
    """Change some entries of a JSON file."""
    file.write_text(json.dumps({**json.loads(file.read_text()), **changes}))
