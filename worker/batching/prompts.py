"""Prompts as the model reads them; a text that comes again is not encoded again."""

from dataclasses import dataclass
from functools import lru_cache

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline
from torch import Tensor

from worker.batching.denoising import Conditioning
from worker.batching.request import ImageRequest

REMEMBERED = 64
"""Texts whose encoding is kept, the most recently used ones; one of SDXL's is a third of a MB."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """One text. Shared by all who ask for it: never change it in place."""

    tokens: Tensor
    """(1, tokens, width)"""
    pooled: Tensor | None
    """(1, width), of SDXL's second encoder"""


class Prompts:
    """The text encoders of one pipeline. Only the thread that owns the device may call."""

    def __init__(self, pipeline: StableDiffusionPipeline | StableDiffusionXLPipeline) -> None:
        self._pipeline = pipeline
        self._device = pipeline.device  # asked of diffusers, it costs a walk over all layers
        self._large = isinstance(pipeline, StableDiffusionXLPipeline)
        self._zeros = self._large and pipeline.config.force_zeros_for_empty_prompt
        self.encode = lru_cache(REMEMBERED)(self._encode)

    def conditioning(self, request: ImageRequest, width: int, height: int) -> Conditioning:
        """What the model is told of a request for a picture of `width` × `height` pixels."""
        prompt = self.encode(request.prompt)
        negative = self._negative(request.negative_prompt, prompt) if request.guided else None
        return Conditioning(
            prompt.tokens,
            None if negative is None else negative.tokens,
            prompt.pooled,
            None if negative is None else negative.pooled,
            self._size(width, height),
        )

    def _encode(self, text: str) -> Encoding:
        if self._large:
            tokens, _, pooled, _ = self._pipeline.encode_prompt(
                text, device=self._device, do_classifier_free_guidance=False
            )
            return Encoding(tokens, pooled)
        tokens, _ = self._pipeline.encode_prompt(text, self._device, 1, False)
        return Encoding(tokens, None)

    def _negative(self, text: str, prompt: Encoding) -> Encoding:
        """Some SDXL checkpoints were trained with nothing at all where there is no text."""
        if text or not self._zeros:
            return self.encode(text)
        return Encoding(torch.zeros_like(prompt.tokens), torch.zeros_like(prompt.pooled))

    def _size(self, width: int, height: int) -> Tensor | None:
        """SDXL is told the size of the picture, uncropped (arXiv 2307.01952, section 2.2)."""
        if not self._large:
            return None
        size = [[height, width, 0, 0, height, width]]
        return torch.tensor(size, dtype=torch.float32, device=self._device)
