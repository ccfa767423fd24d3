"""Finds and loads a Stable-Diffusion checkpoint, or says what to do about one that will not."""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import StableDiffusionPipeline
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
DEVICES = "auto, cpu, cuda, cuda:0, cuda:1, …"


class ModelError(RuntimeError):
    """The image model cannot be used; the message says why and what to do."""


def load_pipeline(model: str, device: torch.device, dtype: torch.dtype) -> StableDiffusionPipeline:
    """The checkpoint's parts, ready on `device`; `model` is a folder or a hub id."""
    _check_index(model)
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    try:
        pipeline = StableDiffusionPipeline.from_pretrained(
            model,
            dtype=dtype,
            safety_checker=None,
            feature_extractor=None,
            image_encoder=None,
            requires_safety_checker=False,
        )
    except Exception as error:  # damaged files surface as almost anything
        raise ModelError(
            f"The image model {model!r} is there but cannot be loaded ({error}). It may be cut "
            "short or damaged: fetch or build it again, then restart the worker."
        ) from error
    _check_parts(model, pipeline)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def find_device(name: str) -> torch.device:
    """The device a setting means: `auto` is the first GPU where there is one, else the CPU."""
    available = torch.cuda.device_count()
    if name == "auto":
        return torch.device("cuda:0" if available else "cpu")
    kind, _, number = name.partition(":")
    if name != "cpu" and (kind != "cuda" or not (number or "0").isdecimal()):
        raise ModelError(f"Unknown device {name!r}; use one of: {DEVICES}.")
    if kind == "cuda" and int(number or 0) >= available:
        raise ModelError(
            f"Device {name!r} is not there: PyTorch sees {available} GPU(s). Use auto or cpu, or "
            "install a CUDA build of PyTorch and give the worker access to the GPU."
        )
    return torch.device("cuda", int(number or 0)) if kind == "cuda" else torch.device("cpu")


def find_dtype(name: str, device: torch.device) -> torch.dtype:
    """The number format a precision names; `auto` is fp16 on a GPU and fp32 on a CPU."""
    if name == "auto":
        return torch.float16 if device.type == "cuda" else torch.float32
    if name not in DTYPES:
        raise ModelError(f"Unknown precision {name!r}; use one of: auto, {', '.join(DTYPES)}.")
    return DTYPES[name]


def display_name(model: str) -> str:
    """What to call the model outside this machine: a hub id, or a folder's own name."""
    return Path(model).resolve().name if Path(model).is_dir() else model


def _check_index(model: str) -> None:
    """Look at model_index.json first: it is small, and says whether the rest can be used."""
    try:
        index = _read_index(model)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"No image model at {model!r} ({error}). STORYTELLER_IMAGE_MODEL must name a folder "
            "that holds a model_index.json (`make illustrator` builds one), or a Stable "
            "Diffusion 1.x/2.x repository on the hub that this machine can reach or has cached."
        ) from error
    kind = index.get("_class_name")
    if kind != "StableDiffusionPipeline":
        raise ModelError(
            f"The image model {model!r} is a {kind}; only StableDiffusionPipeline checkpoints "
            "(Stable Diffusion 1.x and 2.x) can be drawn with. Set STORYTELLER_IMAGE_MODEL to one."
        )


def _read_index(model: str) -> dict[str, Any]:
    if _means_a_folder(model):
        return json.loads((Path(model) / "model_index.json").read_text())
    return StableDiffusionPipeline.load_config(model)


def _means_a_folder(model: str) -> bool:
    """A mistyped folder counts: the hub, asked about it, would take half a minute to say no."""
    path = Path(model)
    beside_others = "/" in model and path.parent.is_dir()
    return path.is_dir() or path.is_absolute() or model.startswith(".") or beside_others


def _check_parts(model: str, pipeline: StableDiffusionPipeline) -> None:
    wanted, given = pipeline.unet.config.in_channels, pipeline.vae.config.latent_channels
    if wanted != given:
        raise ModelError(
            f"The denoiser of {model!r} reads {wanted} channels and its autoencoder writes "
            f"{given}: an inpainting or upscaling checkpoint. Use a text-to-image one."
        )
    if pipeline.unet.config.time_cond_proj_dim is not None:
        raise ModelError(
            f"The denoiser of {model!r} is distilled and takes guidance as an input (a latent "
            "consistency model), which no sampler here can drive. Use an undistilled checkpoint."
        )
