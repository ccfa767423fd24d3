"""Finds and loads a Stable-Diffusion checkpoint, or says what to do about one that will not."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import torch
from diffusers import (
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from worker.batching.quantization import quantize
from worker.precision import DTYPES, QUANTIZED, base_precision, compute_dtype

DEVICES = "auto, cpu, cuda, cuda:0, cuda:1, …"

Pipeline = StableDiffusionPipeline | StableDiffusionXLPipeline

KINDS: dict[str, tuple[type[Pipeline], dict[str, Any]]] = {
    "StableDiffusionPipeline": (
        StableDiffusionPipeline,
        {"safety_checker": None, "requires_safety_checker": False},
    ),
    "StableDiffusionXLPipeline": (StableDiffusionXLPipeline, {"add_watermarker": False}),
}
"""What a checkpoint may call itself, the class that reads it, and what is left out of it."""


class ModelError(RuntimeError):
    """The image model cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A checkpoint whose parts are ready on one device."""

    model: str
    """A folder or a hub id."""
    device: torch.device
    precision: str
    """What its parts compute with, a name of DTYPES."""
    pipeline: Pipeline

    @classmethod
    def load(cls, model: str, device: torch.device, precision: str) -> Self:
        """Read all parts; ModelError says what to do if that cannot be."""
        try:
            precision = base_precision(precision, device)
        except ValueError as error:
            raise ModelError(str(error)) from error
        return cls(model, device, precision, _load_pipeline(model, device, DTYPES[precision]))

    def unet(self, precision: str) -> UNet2DConditionModel:
        """The part that predicts noise, computing with `precision`; read again where that is not
        the precision of the other parts, for it may be a higher one."""
        if precision == self.precision:
            return self.pipeline.unet
        dtype = compute_dtype(precision, self.device)
        unet = UNet2DConditionModel.from_pretrained(self.model, subfolder="unet", dtype=dtype)
        if precision in QUANTIZED:
            return quantize(unet, precision, self.device)
        return unet.to(self.device)


def _load_pipeline(model: str, device: torch.device, dtype: torch.dtype) -> Pipeline:
    kind, left_out = KINDS[_kind(model)]
    diffusers_logging.disable_progress_bar()
    transformers_logging.disable_progress_bar()
    try:
        pipeline = kind.from_pretrained(
            model, dtype=dtype, feature_extractor=None, image_encoder=None, **left_out
        )
    except Exception as error:  # damaged files surface as almost anything
        raise ModelError(
            f"The image model {model!r} is there but cannot be loaded ({error}). It may be cut "
            "short or damaged: fetch or build it again, then restart the worker."
        ) from error
    _check_parts(model, pipeline)
    _widen_autoencoder(pipeline)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def _widen_autoencoder(pipeline: Pipeline) -> None:
    """SDXL's own autoencoder overflows in fp16; diffusers' pipeline widens it as well."""
    large = isinstance(pipeline, StableDiffusionXLPipeline)
    if large and pipeline.vae.config.force_upcast and pipeline.vae.dtype == torch.float16:
        pipeline.vae.to(torch.float32)


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


def display_name(model: str) -> str:
    """What to call the model outside this machine: a hub id, or a folder's own name."""
    return Path(model).resolve().name if Path(model).is_dir() else model


def _kind(model: str) -> str:
    """Look at model_index.json first: it is small, and says whether the rest can be used."""
    try:
        index = _read_index(model)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"No image model at {model!r} ({error}). STORYTELLER_IMAGE_MODEL must name a folder "
            "that holds a model_index.json (`make illustrator` builds one), or a Stable Diffusion "
            "1.x/2.x or XL repository on the hub that this machine can reach or has cached."
        ) from error
    kind = index.get("_class_name")
    if kind not in KINDS:
        raise ModelError(
            f"The image model {model!r} is a {kind}; only {' and '.join(KINDS)} checkpoints "
            "(Stable Diffusion 1.x, 2.x and XL from text, no refiner and no inpainting) can be "
            "drawn with. Set STORYTELLER_IMAGE_MODEL to one."
        )
    return kind


def _read_index(model: str) -> dict[str, Any]:
    if _means_a_folder(model):
        return json.loads((Path(model) / "model_index.json").read_text())
    return StableDiffusionPipeline.load_config(model)


def _means_a_folder(model: str) -> bool:
    """A mistyped folder counts: the hub, asked about it, would take half a minute to say no."""
    path = Path(model)
    beside_others = "/" in model and path.parent.is_dir()
    return path.is_dir() or path.is_absolute() or model.startswith(".") or beside_others


def _check_parts(model: str, pipeline: Pipeline) -> None:
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
    if pipeline.vae.config.latents_mean is not None:
        raise ModelError(
            f"The autoencoder of {model!r} has a mean and spread for each channel (latents_mean), "
            "which is not supported. Use a checkpoint with a scaling_factor alone."
        )
    if isinstance(pipeline, StableDiffusionXLPipeline):
        _check_large(model, pipeline)


def _check_large(model: str, pipeline: StableDiffusionXLPipeline) -> None:
    """SDXL's denoiser is told the pooled prompt and six numbers of the size; its refiner is told
    five, and has one text encoder."""
    encoders = pipeline.text_encoder, pipeline.text_encoder_2
    config = pipeline.unet.config
    told = None
    if config.addition_embed_type == "text_time" and None not in encoders:
        told = 6 * config.addition_time_embed_dim + pipeline.text_encoder_2.config.projection_dim
    if told is None or told != config.projection_class_embeddings_input_dim:
        raise ModelError(
            f"The denoiser of {model!r} is not told what SDXL's is (two text encoders, the size "
            "of the picture): a refiner perhaps. Use a base checkpoint that draws from text alone."
        )
