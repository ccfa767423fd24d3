"""Training scenes with their latents, computed once."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from models.training import autoencoder, scenes

BATCH = 64
SEED = 7


@dataclass(frozen=True)
class Encoded:
    """Scenes and their standardised latents [n, 4, 8, 8] float16, in the same order."""

    scenes: list[scenes.Scene]
    latents: torch.Tensor


def training_scenes(count: int) -> list[scenes.Scene]:
    """The scenes the denoiser learns from, the same every time."""
    rng = np.random.default_rng(SEED)
    return [scenes.sample(rng) for _ in range(count)]


def _encode(batch: list[scenes.Scene]) -> torch.Tensor:
    pictures = np.stack([scenes.draw(scene) for scene in batch])
    return autoencoder.latents_of(autoencoder.to_tensor(pictures, "cpu")).half()


def load(count: int, path: Path) -> Encoded:
    """The training scenes and their latents: from the file, or made now."""
    drawn = training_scenes(count)
    if not path.exists() or len(torch.load(path)) != count:
        starts = tqdm(range(0, count, BATCH), desc="latents", mininterval=5)
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(torch.cat([_encode(drawn[start : start + BATCH]) for start in starts]), path)
    return Encoded(drawn, torch.load(path))
