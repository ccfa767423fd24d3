"""Linear layers with small weights, through bitsandbytes.

diffusers' own loader does the same, but refuses a machine without a GPU, which bitsandbytes itself
does not. The settings are those of diffusers' BitsAndBytesConfig.
"""

from typing import TypeVar

import torch
from torch import nn

Module = TypeVar("Module", bound=nn.Module)

OUTLIER = 6.0
"""Activations above this are multiplied in full precision (arXiv 2208.07339, section 3.2)."""
BLOCK = 64
"""Weights in a row that share one scale at nf4 (arXiv 2305.14314, section 3)."""


def quantize(model: Module, precision: str, device: torch.device) -> Module:
    """`model` on `device`, for inference, with each linear layer at `precision`, int8 or nf4."""
    exchange = {"int8": _int8, "nf4": _nf4}[precision]
    exchanged = []
    for name, layer in list(model.named_modules()):
        if type(layer) is nn.Linear:  # what derives from it may read the weights itself
            exchanged.append(exchange(layer))
            model.set_submodule(name, exchanged[-1])
    model.to(device).eval()  # the weights shrink here
    if precision == "int8" and device.type == "cpu":
        # In training bitsandbytes multiplies by the small weights without rounding the activations
        # as well: closer, and on a CPU, which has no kernel for the other way, faster too.
        for layer in exchanged:
            layer.train()
    return model


def _int8(layer: nn.Linear) -> nn.Module:
    from bitsandbytes.nn import Int8Params, Linear8bitLt  # noqa: PLC0415 - an optional library

    small = Linear8bitLt(
        layer.in_features,
        layer.out_features,
        has_fp16_weights=False,
        threshold=OUTLIER,
        device="meta",
    )
    small.weight = Int8Params(layer.weight.data, requires_grad=False, has_fp16_weights=False)
    small.bias = layer.bias
    return small


def _nf4(layer: nn.Linear) -> nn.Module:
    from bitsandbytes.nn import Linear4bit, Params4bit  # noqa: PLC0415 - an optional library

    small = Linear4bit(
        layer.in_features,
        layer.out_features,
        compute_dtype=layer.weight.dtype,
        quant_type="nf4",
        device="meta",
    )
    small.weight = Params4bit(
        layer.weight.data,
        requires_grad=False,
        blocksize=BLOCK,
        compress_statistics=False,
        quant_type="nf4",
        module=small,
    )
    small.bias = layer.bias
    if layer.in_features % BLOCK or layer.out_features % 32:
        small.support_avx512bf16_for_cpu = False  # its kernel fails on other shapes
    return small
