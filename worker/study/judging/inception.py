"""The eyes that published Fréchet distances see with, for users who have the weights."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import torch
from PIL.Image import Image
from torch import Tensor

from worker.batching.checkpoint import find_device
from worker.study.terms import Unusable


class Inception:
    """A TorchScript Inception: called with bytes (n, 3, height, width) and
    `return_features=True`, it returns (n, width) vectors, and resizes by itself.

    inception-2015-12-05.pt, which StyleGAN brought into use (Karras et al. 2020), is one.
    """

    def __init__(self, network: torch.jit.ScriptModule, device: torch.device) -> None:
        self._network = network
        self._device = device

    @classmethod
    def load(cls, file: Path, *, device: str = "auto") -> Self:
        """From a file; Unusable says what is wrong with it."""
        place = find_device(device)
        try:
            found = cls(_read(file, place), place)
            width = found._vectors(torch.zeros(1, 3, 64, 64, dtype=torch.uint8)).ndim
        except Exception as error:  # libraries refuse a wrong file in many ways
            raise Unusable(
                f"--inception {file}: {str(error).splitlines()[0]}. It must be a TorchScript "
                "Inception that takes return_features=True, such as inception-2015-12-05.pt"
            ) from error
        if width != 2:
            raise Unusable(f"--inception {file} returns no vectors for return_features=True")
        return found

    def look(self, pictures: Sequence[Image]) -> Tensor:
        """Vectors (n, width), in no particular length."""
        pixels = np.stack([np.array(picture.convert("RGB")) for picture in pictures])
        return self._vectors(torch.from_numpy(pixels).permute(0, 3, 1, 2))

    @torch.inference_mode()
    def _vectors(self, pixels: Tensor) -> Tensor:
        return self._network(pixels.to(self._device), return_features=True)


def _read(file: Path, place: torch.device) -> torch.jit.ScriptModule:
    with warnings.catch_warnings():
        # The published weights come in this format, however outdated it is.
        warnings.filterwarnings("ignore", ".*torch.jit.load.*", DeprecationWarning)
        return torch.jit.load(str(file), map_location=place).eval()
