"""What several tests share: tiny checkpoints of the true classes, and a book in the making."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import torch
from redis import Redis

from tests.worker.batching.tiny import SCHEDULERS, write_checkpoint, write_large_checkpoint
from tests.worker.press import Press
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


@pytest.fixture
def press(redis: Redis, tmp_path: Path) -> Iterator[Press]:
    """A story worker with two threads, and the keeper of its leases."""
    with ThreadPoolExecutor(2) as pool:
        press = Press(redis, tmp_path, pool)
        press.claims.open()
        yield press
        press.claims.stopping.set()
    press.claims.close()
