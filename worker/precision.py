"""The numbers a model computes with: what their names mean, and which of them a device can do."""

import importlib.util
from typing import get_args

import torch

from services.contract.ladder import Precision

DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
"""Precisions that are a number format, for weights and activations alike."""
QUANTIZED = ("int8", "nf4")
"""Precisions that only keep the weights of linear layers small (arXiv 2208.07339, 2305.14314)."""
TURING = (7, 5)
"""The first GPUs that multiply int8, by their CUDA compute capability."""


def base_precision(name: str, device: torch.device) -> str:
    """What `name` means for the model that is always kept: `auto` is fp16 on a GPU and fp32 on a
    CPU, so that two CPUs draw the same picture. ValueError names what is allowed."""
    if name == "auto":
        return "fp16" if device.type == "cuda" else "fp32"
    if name not in DTYPES:
        raise ValueError(f"Unknown precision {name!r}; use one of: auto, {', '.join(DTYPES)}.")
    return name


def compute_dtype(name: str, device: torch.device) -> torch.dtype:
    """The format of the activations, and of all weights that are not quantized."""
    if name in DTYPES:
        return DTYPES[name]
    return torch.float16 if device.type == "cuda" else torch.bfloat16


def check_precision(name: str, device: torch.device) -> None:
    """ValueError says why `device` cannot compute with `name`, and what it can."""
    allowed = get_args(Precision)
    if name not in allowed:
        raise ValueError(f"unknown precision {name!r}; use one of: {', '.join(allowed)}.")
    obstacle = _obstacle(name, device)
    if obstacle:
        able = [other for other in allowed if _obstacle(other, device) is None]
        raise ValueError(f"{name} {obstacle}. On {device} these can be used: {', '.join(able)}.")


def _obstacle(name: str, device: torch.device) -> str | None:
    if name in QUANTIZED and importlib.util.find_spec("bitsandbytes") is None:
        return "needs bitsandbytes, which is not installed (pip install bitsandbytes)"
    if device.type != "cuda":
        return None
    if name == "bf16" and not _computes_bf16(device):
        return f"is beyond {torch.cuda.get_device_name(device)}"
    if name == "int8" and torch.cuda.get_device_capability(device) < TURING:
        return f"needs compute capability 7.5, more than {torch.cuda.get_device_name(device)} has"
    return None


def _computes_bf16(device: torch.device) -> bool:
    with torch.cuda.device(device):
        return torch.cuda.is_bf16_supported(including_emulation=False)
