"""The peak is forgotten when it is asked to be."""

import numpy as np
import pytest
import torch

from worker.study.memory import forget_peak, peak_mb


def test_the_peak_is_of_what_was_held_since_it_was_forgotten() -> None:
    forget_peak()
    before = peak_mb()
    if before is None or torch.cuda.is_available():
        pytest.skip("the process's memory is not what is told here")
    held = np.ones(2**26, dtype=np.uint8)
    risen = peak_mb()
    held = None
    assert held is None
    assert risen - before >= 60
    forget_peak()
    assert peak_mb() < risen - 40
