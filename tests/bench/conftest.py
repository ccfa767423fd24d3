"""Stable Diffusion 1.5's architecture, shrunken, which the bench itself can write."""

from pathlib import Path

import pytest
import torch

from bench.checkpoint15 import TINY, write


@pytest.fixture(scope="session")
def tiny15(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the checkpoint, in float32."""
    folder = tmp_path_factory.mktemp("tiny15")
    write(folder, TINY, "cpu", torch.float32)
    return folder
