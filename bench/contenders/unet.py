"""The denoiser's network alone, without sampler, prompt, decoder or queue: the floor."""

from collections.abc import Callable, Sequence

import torch
from diffusers import UNet2DConditionModel

from bench.conditions import Conditions
from bench.machine import seconds

ROWS = (1, 2, 4, 8, 16, 32, 64)
WARM_UP, CALLS = 2, 5


class UNetContender:
    """One network, asked for one step of so many rows at once."""

    def __init__(self, network: UNet2DConditionModel, conditions: Conditions, tokens: int) -> None:
        self._network = network
        self._device = conditions.device
        self._tokens = tokens

    def steps(self, rows: int) -> list[float]:
        """Seconds of each of a few calls with a batch of `rows`, after others to warm up."""
        call = self._call(rows)
        for _ in range(WARM_UP):
            seconds(call, self._device)
        return [seconds(call, self._device) for _ in range(CALLS)]

    @torch.inference_mode()
    def _call(self, rows: int) -> Callable[[], object]:
        config, like = self._network.config, {"dtype": self._network.dtype, "device": self._device}
        latents = torch.randn(rows, config.in_channels, *_size(config.sample_size), **like)
        prompts = torch.randn(rows, self._tokens, config.cross_attention_dim, **like)
        timesteps = torch.full((rows,), 500, device=self._device)

        @torch.inference_mode()
        def call() -> object:
            return self._network(
                latents, timesteps, encoder_hidden_states=prompts, return_dict=False
            )

        return call


def _size(sample_size: int | Sequence[int]) -> tuple[int, int]:
    height, width = (sample_size,) * 2 if isinstance(sample_size, int) else sample_size
    return height, width


def pictures_a_second(rows: int, step: float, steps: int) -> float:
    """What a network that needs `step` seconds for `rows` rows could draw with guidance, if it
    were never asked for less and nothing else took time: a picture is two rows a step."""
    return rows / (2 * steps * step)
