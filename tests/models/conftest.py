"""What the illustrator's tests share."""

from collections.abc import Iterator

import pytest
import torch

from models.training import art
from tests.conftest import missing


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    """Small models gain nothing from more threads, and the machine may be busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def font() -> None:
    """The font that the sprites come from."""
    if not art.FONT.exists():
        missing("Noto Color Emoji", "apt-get install fonts-noto-color-emoji")
