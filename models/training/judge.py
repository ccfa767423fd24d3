"""What the shipped CLIP says of pictures: CLIPScore, retrieval, Fréchet distance."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional
from transformers import CLIPImageProcessor, CLIPModel, CLIPTokenizer

CHOICES = 32
BATCH = 64


class Judge:
    """The small CLIP: unit vectors of pictures and captions."""

    def __init__(self, folder: Path) -> None:
        self.model = CLIPModel.from_pretrained(folder, dtype=torch.float32).eval()
        self.processor = CLIPImageProcessor.from_pretrained(folder)
        self.tokenizer = CLIPTokenizer.from_pretrained(folder)

    @torch.no_grad()
    def pictures(self, pictures: Sequence[Image.Image]) -> torch.Tensor:
        """Unit vectors [n, 128] of pictures."""
        parts = []
        for start in range(0, len(pictures), BATCH):
            batch = list(pictures[start : start + BATCH])
            pixels = self.processor(images=batch, return_tensors="pt").pixel_values
            parts.append(self.model.get_image_features(pixel_values=pixels).pooler_output)
        return functional.normalize(torch.cat(parts), dim=-1)

    @torch.no_grad()
    def captions(self, captions: Sequence[str]) -> torch.Tensor:
        """Unit vectors [n, 128] of captions."""
        ids = self.tokenizer(list(captions), padding=True, truncation=True, return_tensors="pt")
        return functional.normalize(self.model.get_text_features(**ids).pooler_output, dim=-1)


def clip_score(pictures: torch.Tensor, captions: torch.Tensor) -> float:
    """Mean cosine between each picture and its caption, times 100 (Hessel et al. 2021)."""
    return 100 * (pictures * captions).sum(-1).clamp(min=0).mean().item()


def recall(pictures: torch.Tensor, captions: torch.Tensor, seed: int = 0) -> float:
    """Share of pictures whose own caption is the best of 32: itself and 31 others at random."""
    rng = np.random.default_rng(seed)
    hits = 0
    for own, picture in enumerate(pictures):
        others = np.delete(np.arange(len(captions)), own)
        wrong = captions[rng.choice(others, CHOICES - 1, replace=False)]
        hits += bool(captions[own] @ picture > (wrong @ picture).max())
    return hits / len(pictures)


def frechet(ours: torch.Tensor, theirs: torch.Tensor) -> float:
    """Fréchet distance of two sets of unit vectors as Gaussians, times 100 (Heusel et al. 2017)."""
    a, b = ours.double().numpy(), theirs.double().numpy()
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    overlap = np.sqrt(np.linalg.eigvals(first @ second).real.clip(min=0)).sum()
    gap = np.square(a.mean(0) - b.mean(0)).sum()
    return float(100 * (gap + np.trace(first) + np.trace(second) - 2 * overlap))
