"""Whether the probe of the machine's speed tells how fast pictures are."""

import numpy as np
import pytest

from evidence.validation.fairness import fairness


def test_four_runs_or_runs_alike_do_not_judge_the_probe():
    assert fairness([(1.0 + n / 10, 1.0 + n / 9) for n in range(4)]) is None
    assert fairness([(1.0, 1.0)] * 9) is None


def test_pictures_that_slow_as_the_probe_does_have_slope_1_and_noise_takes_off_of_it():
    chance = np.random.default_rng(2)
    speeds = np.exp(chance.normal(0, 0.1, 400))
    noisy = speeds * np.exp(chance.normal(0, 0.1, 400))

    fair = fairness(list(zip(speeds, speeds, strict=True)))
    seen = fairness(list(zip(noisy, speeds, strict=True)))

    assert (fair.correlation.value, fair.slope.value) == pytest.approx((1, 1))
    # Of errors in x: σ²/(σ² + noise²), and its root.
    assert seen.slope.value == pytest.approx(0.5, abs=0.08)
    assert seen.correlation.value == pytest.approx(np.sqrt(0.5), abs=0.06)
