"""The lines that are dropped, and those that are not."""

import logging
from collections.abc import Iterator

import pytest
import torch

from worker import chatter

bitsandbytes = pytest.importorskip("bitsandbytes")


@pytest.fixture(autouse=True)
def filters() -> Iterator[None]:
    """As they were before."""
    before = {name: logging.getLogger(name).filters[:] for name in chatter.CHATTER}
    yield
    for name, filters in before.items():
        logging.getLogger(name).filters[:] = filters


def multiply() -> None:
    """A multiplication at int8, of which bitsandbytes has something to say each time."""
    layer = bitsandbytes.nn.Linear8bitLt(32, 32, has_fp16_weights=False).to("cpu").eval()
    with torch.inference_mode():
        layer(torch.ones(1, 32))


def test_the_line_said_at_every_call_is_dropped(caplog: pytest.LogCaptureFixture) -> None:
    for name in chatter.CHATTER:
        logging.getLogger(name).filters.clear()
    multiply()
    assert "MatMul8bitLt" in caplog.text
    caplog.clear()
    chatter.quiet()
    multiply()
    assert caplog.text == ""


def test_other_lines_of_the_same_library_are_not(caplog: pytest.LogCaptureFixture) -> None:
    chatter.quiet()
    for name in chatter.CHATTER:
        logging.getLogger(name).warning("%d weights were lost", 3)
    assert caplog.text.count("3 weights were lost") == len(chatter.CHATTER)
