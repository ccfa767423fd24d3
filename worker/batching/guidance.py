"""Classifier-free guidance (arXiv 2207.12598) in one model call for a mixed batch."""

from collections.abc import Sequence

import torch
from torch import Tensor

from worker.batching.denoising import Denoising
from worker.batching.unet import Inputs


def inputs(batch: Sequence[Denoising], guided: Sequence[int]) -> Inputs:
    """One row for each of `batch`, and behind them the unconditional ones of those at `guided`."""
    twice = [batch[index] for index in guided]
    rows = [*batch, *twice]
    latents = torch.cat([denoising.latent for denoising in rows])
    timesteps = [denoising.row.timestep for denoising in rows]
    told = [denoising.conditioning for denoising in batch]
    denied = [denoising.conditioning for denoising in twice]
    pooled = sizes = None
    if told[0].pooled is not None:
        pooled = torch.cat(
            [*(one.pooled for one in told), *(one.negative_pooled for one in denied)]
        )
        sizes = torch.cat([one.size for one in (*told, *denied)])
    return Inputs(
        latents,
        torch.tensor(timesteps, dtype=torch.float32, device=latents.device),
        torch.cat([*(one.prompt for one in told), *(one.negative for one in denied)]),
        pooled,
        sizes,
    )


def combined(said: Tensor, batch: Sequence[Denoising], guided: Sequence[int]) -> Tensor:
    """The guided prediction (n, channels, height, width), of what the model said of `inputs`."""
    prediction, unconditional = said[: len(batch)], said[len(batch) :]
    scales = [batch[index].level.guidance_scale for index in guided]
    scale = torch.tensor(scales, device=said.device)[:, None, None, None]
    if len(guided) == len(batch):
        return unconditional + scale * (prediction - unconditional)
    prediction[guided] = unconditional + scale * (prediction[guided] - unconditional)
    return prediction
