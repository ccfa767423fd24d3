"""Writes what was trained as folders that plain diffusers and transformers load."""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline
from transformers import CLIPImageProcessor, CLIPModel

from models.training import autoencoder, clip, denoiser, encoder, scenes, tokens, world
from models.training.captions import plain
from models.training.presets import Preset

HELD_OUT = 200
LARGEST_FILE = "15MB"
HELD_OUT_SEED = 2026


def _averaged(checkpoint: Path) -> dict[str, torch.Tensor]:
    return torch.load(checkpoint, map_location="cpu")["state"]["averaged"]


def _denoiser(preset: Preset, folder: Path) -> denoiser.Models:
    models = denoiser.Models(denoiser.build(preset), denoiser.text_encoder(clip.build()))
    models.parts().load_state_dict(_averaged(folder / "denoiser.pt"))
    return models


def _autoencoder(preset: Preset, folder: Path) -> AutoencoderKL:
    """The averaged decoder, and the encoder where it has been trained."""
    model = autoencoder.build(preset)
    model.load_state_dict(_averaged(folder / "decoder.pt"))
    if (folder / "encoder.pt").exists():
        encoder.parts(model).load_state_dict(_averaged(folder / "encoder.pt"))
    return model


def scheduler() -> DDIMScheduler:
    """The scheduler that ships; DDPMScheduler.from_config takes the same configuration."""
    return DDIMScheduler(**denoiser.SCHEDULE, set_alpha_to_one=True, steps_offset=1)


def illustrator(preset: Preset, folder: Path) -> StableDiffusionPipeline:
    """The pipeline of the latest checkpoints, in float32."""
    models = _denoiser(preset, folder)
    return StableDiffusionPipeline(
        vae=_autoencoder(preset, folder),
        text_encoder=models.text,
        tokenizer=tokens.build(),
        unet=models.unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def judge(folder: Path) -> CLIPModel:
    """The CLIP of the latest checkpoint."""
    model = clip.build()
    saved = torch.load(folder / "clip.pt", map_location="cpu")
    model.load_state_dict(saved["state"]["model"])
    return model.eval()


def _processor() -> CLIPImageProcessor:
    side = {"height": clip.PICTURE_SIZE, "width": clip.PICTURE_SIZE}
    return CLIPImageProcessor(
        size=side,
        crop_size=side,
        do_center_crop=False,
        image_mean=[0.5] * 3,
        image_std=[0.5] * 3,
        resample=4,
    )


def held_out_captions() -> list[str]:
    """Captions of combinations never trained on: half with one subject, half with two."""
    drawn = [
        scenes.held_out(HELD_OUT // 2, subjects, HELD_OUT_SEED + subjects) for subjects in (1, 2)
    ]
    return [plain(scene) for group in drawn for scene in group]


def write_words(models: Path) -> None:
    """vocabulary.json and captions-held-out.txt, beside the illustrator."""
    (models / "vocabulary.json").write_text(json.dumps(world.vocabulary(), indent=1) + "\n")
    (models / "captions-held-out.txt").write_text("\n".join(held_out_captions()) + "\n")


def write(preset: Preset, folder: Path, out: Path) -> None:
    """Ships the latest checkpoints in `folder`: the illustrator to `out`, the CLIP beside it."""
    pipeline = illustrator(preset, folder)
    # The text encoder stays in float32: transformers loads a model as it is stored and diffusers
    # in float32, so that stored in float16 it would not fit the denoiser it speaks to.
    for part in (pipeline.unet, pipeline.vae):
        part.half()
    pipeline.save_pretrained(out, max_shard_size=LARGEST_FILE)
    beside = out.parent / "clip"
    judge(folder).half().save_pretrained(beside)
    tokens.build().save_pretrained(beside)
    _processor().save_pretrained(beside)
    write_words(out.parent)
