"""Tiny checkpoints of the true classes, shared by everything that draws."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.worker.batching.tiny import SCHEDULERS, write_checkpoint, write_large_checkpoint
from worker.batching.denoiser import Denoiser


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Tiny tensors gain nothing from a second thread, and the machine may be busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def checkpoints(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of tiny checkpoints, one for each prediction type."""
    return {kind: write_checkpoint(tmp_path_factory.mktemp(kind), kind) for kind in SCHEDULERS}


@pytest.fixture(scope="session")
def denoiser(checkpoints: dict[str, Path]) -> Denoiser:
    """The tiny checkpoint with v prediction, like the shipped illustrator."""
    return Denoiser.load(str(checkpoints["v_prediction"]), device="cpu")


@pytest.fixture(scope="session")
def large_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a tiny checkpoint of SDXL's architecture."""
    return write_large_checkpoint(tmp_path_factory.mktemp("large"))


@pytest.fixture(scope="session")
def large_denoiser(large_checkpoint: Path) -> Denoiser:
    """The tiny checkpoint of SDXL's architecture."""
    return Denoiser.load(str(large_checkpoint), device="cpu")
