"""One call of the model that predicts noise: what goes in, and the plain way through."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Self

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the model is asked; row i of everything belongs together."""

    latents: Tensor
    """(rows, channels, height, width)"""
    timesteps: Tensor
    """(rows,)"""
    prompts: Tensor
    """(rows, tokens, width)"""
    pooled: Tensor | None = None
    """SDXL: (rows, width)"""
    sizes: Tensor | None = None
    """SDXL: (rows, 6)"""

    def to(self, dtype: torch.dtype) -> Self:
        """The same for a model that computes with `dtype`; sizes stay as exact as they are."""
        pooled = None if self.pooled is None else self.pooled.to(dtype)
        return type(self)(
            self.latents.to(dtype), self.timesteps, self.prompts.to(dtype), pooled, self.sizes
        )

    def padded(self, rows: int) -> Self:
        """As many `rows`, the last one repeated."""
        given = (getattr(self, field.name) for field in fields(self))
        return type(self)(*(None if part is None else _padded(part, rows) for part in given))


class Plain:
    """The UNet as it was loaded."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        self.unet = unet
        self._dtype = unet.dtype  # asked of diffusers, it costs a walk over all layers

    def __call__(self, inputs: Inputs) -> Tensor:
        """(rows, channels, height, width) of the UNet's dtype."""
        return ask(self.unet, inputs.to(self._dtype))


def ask(unet: Callable[..., tuple[Tensor, ...]], inputs: Inputs) -> Tensor:
    """Call a UNet, compiled or not, with `inputs` of its own dtype."""
    added = None
    if inputs.pooled is not None:
        added = {"text_embeds": inputs.pooled, "time_ids": inputs.sizes}
    return unet(
        inputs.latents,
        inputs.timesteps,
        encoder_hidden_states=inputs.prompts,
        added_cond_kwargs=added,
        return_dict=False,
    )[0]


def _padded(part: Tensor, rows: int) -> Tensor:
    return torch.cat([part, part[-1:].expand(rows - len(part), *part.shape[1:])])
