"""Linear layers with small weights, through bitsandbytes.

diffusers' own loader does the same, but refuses a machine without a GPU, which bitsandbytes itself
does not. The settings are those of diffusers' BitsAndBytesConfig.
"""

from typing import TypeVar

from torch import nn

from worker.precision import quiet_bitsandbytes

Module = TypeVar("Module", bound=nn.Module)

OUTLIER = 6.0
"""Activations above this are multiplied in full precision (arXiv 2208.07339, section 3.2)."""


def quantize(model: Module, precision: str) -> Module:
    """`model` with each linear layer at `precision`, int8 or nf4. The weights shrink when the
    model is moved to its device, as a CPU is, too."""
    exchange = {"int8": _int8, "nf4": _nf4}[precision]
    for name, layer in list(model.named_modules()):
        if type(layer) is nn.Linear:  # what derives from it may read the weights itself
            model.set_submodule(name, exchange(layer))
    return model


def _int8(layer: nn.Linear) -> nn.Module:
    quiet_bitsandbytes()
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
    quiet_bitsandbytes()
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
        compress_statistics=False,
        quant_type="nf4",
        module=small,
    )
    small.bias = layer.bias
    return small
