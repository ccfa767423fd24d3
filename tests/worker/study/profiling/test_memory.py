"""The peak is of what was held inside the block."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from worker.study.profiling.memory import peak_memory, risen

HELD_MB = 512
"""Far above what an import may have held for a moment."""
IN_A_NEW_PROCESS = f"""
import numpy as np
from worker.study.profiling.memory import peak_memory
with peak_memory() as little:
    np.ones(2**20, dtype=np.uint8)
with peak_memory() as much:
    np.ones({HELD_MB} * 2**20, dtype=np.uint8)
print(little.mb, much.mb)
"""
STATUS = Path("/proc/self/status")
tells_of_the_process = pytest.mark.skipif(
    torch.cuda.is_available() or not STATUS.is_file() or "VmHWM" not in STATUS.read_text(),
    reason="the memory of the process is told by Linux, mostly, and of the GPU where there is one",
)


@tells_of_the_process
def test_the_peak_tells_what_was_held_inside() -> None:
    told = subprocess.run(
        [sys.executable, "-c", IN_A_NEW_PROCESS], capture_output=True, text=True, check=True
    )
    little, much = told.stdout.split()
    assert float(much) > HELD_MB
    if little != "None":
        assert float(much) - float(little) >= HELD_MB - 8


@tells_of_the_process
def test_a_later_block_does_not_tell_the_peak_of_an_earlier_one() -> None:
    with peak_memory() as earlier:
        np.ones(HELD_MB * 2**20, dtype=np.uint8)
    with peak_memory() as later:
        np.ones(2**20, dtype=np.uint8)
    assert earlier.mb is None or later.mb is None or later.mb < earlier.mb - HELD_MB / 2


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ((300, 300), 364, 364),
        ((500, 300), 500, None),
        ((500, 300), 520, 520),
    ],
    ids=["begun anew", "hidden by an earlier peak", "above every earlier peak"],
)
def test_a_peak_that_cannot_be_known_is_not_told(
    before: tuple[float, float], after: float, told: float | None
) -> None:
    high, now = before
    assert risen({"VmHWM": high, "VmRSS": now}, {"VmHWM": after, "VmRSS": now}) == told


def test_a_system_that_says_nothing_of_memory_has_no_peak() -> None:
    assert risen({}, {}) is None
