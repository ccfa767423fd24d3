"""A change of speed between the loops on either side of a run."""

import numpy as np
import pytest
from scipy import stats

from evidence.served import ClosedLoop
from evidence.validation.either_side import change
from evidence.validation.nearby import weights
from tests.evidence.laws import planted_law

BEGAN, SPAN = 1000.0, 50.0
SETTINGS = ((25, 1), (25, 4), (3, 1), (3, 4))
BEFORE = [BEGAN - 80 - 3 * place for place in range(4)] + [BEGAN - 10 - 3 * p for p in range(4)]
FAR = [BEGAN - 400 - 3 * place for place in range(4)]
AFTER = [BEGAN + SPAN + 10 + 3 * p for p in range(4)] + [
    BEGAN + SPAN + 80 + 3 * p for p in range(4)
]


def _loops(times, ratios):
    law = planted_law()
    found = []
    for number, (at, ratio) in enumerate(zip(times, ratios, strict=True)):
        steps, outstanding = SETTINGS[number % 4]
        seconds = (ratio * law.seconds(steps, outstanding),)
        beside = (0.0,) * (outstanding - 1) + (1.0,)
        found.append(ClosedLoop(steps, beside, (0.01,), seconds, at=at))
    return found


def _change(times, ratios):
    near = weights(times, BEGAN + SPAN / 2)
    return change(_loops(times, ratios), near, planted_law(), BEGAN)


def test_the_interval_is_welchs():
    noise = np.random.default_rng(2).normal(0, 0.03, 16)
    logs = noise + np.repeat([0.0, 0.2], 8)

    found = _change([*FAR, *BEFORE, *AFTER], [5.0] * 4 + np.exp(logs).tolist())

    expected = stats.ttest_ind(logs[8:], logs[:8], equal_var=False).confidence_interval(0.95)
    assert np.log(found.value) == pytest.approx(logs[8:].mean() - logs[:8].mean())
    assert np.log([found.low, found.high]) == pytest.approx(list(expected))


def test_company_and_steps_make_no_change():
    """Seconds of the loops differ by tens; by the law they are alike."""
    found = _change(BEFORE + AFTER, [0.8] * 8 + [1.2] * 8)

    assert (found.low, found.value, found.high) == pytest.approx((1.5, 1.5, 1.5))


def test_loops_far_from_the_run_do_not_count():
    found = _change([*FAR, *BEFORE, *AFTER], [5.0] * 4 + [1.0] * 16)

    assert found.value == pytest.approx(1.0)


@pytest.mark.parametrize("times", [BEFORE, AFTER, BEFORE + AFTER[:1], []])
def test_one_side_alone_says_nothing_of_a_change(times):
    assert _change(times, [1.0] * len(times)) is None
