"""What CLIP says of a picture and its prompt: CLIPScore, for early exit and for studies."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Self

import torch
from PIL.Image import Image
from torch import Tensor
from torch.nn import functional
from transformers import CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

from worker.batching.checkpoint import ModelError, find_device

SHIPPED_CLIP = Path(__file__).parents[2] / "models" / "clip"
REMEMBERED_PROMPTS = 1024


class ClipWatch:
    """A CLIP on one device, in float32; what it made of a prompt is kept."""

    def __init__(
        self, model: CLIPModel, processor: CLIPImageProcessorPil, tokenizer: CLIPTokenizer
    ) -> None:
        self.model = model.eval()
        self.processor = processor
        self.tokenizer = tokenizer
        self._said = lru_cache(REMEMBERED_PROMPTS)(self._read)

    @classmethod
    def load(cls, model: str, *, device: str = "auto") -> Self:
        """The CLIPModel in a folder or hub id; ModelError says what to do if that cannot be."""
        place = find_device(device)
        try:
            network = CLIPModel.from_pretrained(model, dtype=torch.float32).to(place)
            processor = CLIPImageProcessorPil.from_pretrained(model)
            tokenizer = CLIPTokenizer.from_pretrained(model)
        except Exception as error:  # damaged files surface as almost anything
            raise ModelError(
                f"No CLIP at {model!r} ({error}). STORYTELLER_CLIP_MODEL must name a folder or a "
                "hub id of a transformers CLIPModel with its tokenizer and its image processor."
            ) from error
        return cls(network, processor, tokenizer)

    def score(self, pictures: Sequence[Image], prompts: Sequence[str]) -> list[float]:
        """CLIPScore of each picture with its own prompt, 0 to 100 (Hessel et al. 2021):
        100 · max(cos, 0), without their factor 2.5. A long prompt is cut at what CLIP reads."""
        cosine = (self.look(pictures) * self.read(prompts)).sum(1)
        return (100 * cosine.clamp(min=0)).tolist()

    @torch.inference_mode()
    def look(self, pictures: Sequence[Image]) -> Tensor:
        """Unit vectors (n, width) of pictures, on the CLIP's device."""
        pixels = self.processor(images=list(pictures), return_tensors="pt").pixel_values
        seen = self.model.get_image_features(pixel_values=pixels.to(self.model.device))
        return functional.normalize(seen.pooler_output, dim=-1)

    def read(self, prompts: Sequence[str]) -> Tensor:
        """Unit vectors (n, width) of prompts, on the CLIP's device."""
        return torch.stack([self._said(prompt) for prompt in prompts])

    @torch.inference_mode()
    def _read(self, prompt: str) -> Tensor:
        longest = self.model.config.text_config.max_position_embeddings
        ids = self.tokenizer(prompt, truncation=True, max_length=longest, return_tensors="pt")
        said = self.model.get_text_features(**ids.to(self.model.device))
        return functional.normalize(said.pooler_output[0], dim=-1)


def clip_for(image_model: str, clip_model: str) -> str | None:
    """The CLIP to load for the settings of these names: the one named; for the shipped
    illustrator the one shipped with it; for any other model, whose pictures it cannot read, None.
    """
    return clip_model or (None if image_model else str(SHIPPED_CLIP))
