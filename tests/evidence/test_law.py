"""The law of a picture, alone and served, recovered from what it would have produced."""

import math

import numpy as np
import pytest

from controller.queueing.refusal import BadInput
from evidence.law import offline
from evidence.served import ClosedLoop, fit
from services.contract.profile import Timing

APART, TAU0, TAU1 = 0.03, 0.010, 0.003
PLANTED = (APART, TAU0, TAU1)


def _timing(steps: int, batch: int, noise: np.random.Generator) -> Timing:
    seconds = batch * APART + steps * (TAU0 + TAU1 * batch)
    repeats = tuple(seconds * noise.normal(1, 0.02, 9))
    return Timing(queue="images", setting={}, steps=steps, batch=batch, seconds=repeats)


def _profile() -> list[Timing]:
    noise = np.random.default_rng(1)
    return [_timing(steps, batch, noise) for steps in (10, 25) for batch in (1, 2, 4, 8)]


def _loop(steps: int, together: int) -> ClosedLoop:
    """Many pictures of a delay and a shared server, in the mean: R by repeated substitution."""
    seconds = APART + steps * (TAU0 + TAU1)
    for _ in range(200):
        beside = 1 + (together - 1) * (1 - APART / seconds)
        seconds = APART + steps * (TAU0 + TAU1 * beside)
    return ClosedLoop(steps, together, (seconds,) * 5)


LOOPS = [_loop(steps, together) for steps in (3, 25, 100) for together in (1, 4, 8)]


def test_a_profile_gives_the_law_it_was_made_with() -> None:
    law = offline(_profile(), cap=8)

    for found, planted in zip((law.apart, law.tau0, law.tau1), PLANTED, strict=True):
        assert found.low <= planted <= found.high
        assert found.value == pytest.approx(planted, rel=0.1)


def test_closed_loops_give_the_law_they_were_made_with() -> None:
    law = fit(LOOPS, cap=8)

    assert (law.apart.value, law.tau0.value, law.tau1.value) == pytest.approx(PLANTED, rel=1e-3)


def test_what_is_apart_takes_no_place_in_the_engine() -> None:
    law = fit(LOOPS, cap=8)

    assert law.alone(10) == pytest.approx(APART + 10 * (TAU0 + TAU1), rel=1e-3)
    assert law.limit(10) == pytest.approx(8 / (10 * (TAU0 + 8 * TAU1)), rel=1e-3)


def test_coefficients_that_would_be_negative_are_none() -> None:
    seconds = [steps * 0.01 for steps in (3, 25)]
    loops = [ClosedLoop(n, b, (s,)) for n, s in zip((3, 25), seconds, strict=True) for b in (1, 8)]

    law = fit(loops, cap=8)

    assert law.apart.value >= 0
    assert law.tau1.value == pytest.approx(0, abs=1e-5)
    assert math.isclose(law.tau0.value, 0.01, rel_tol=0.02)


@pytest.mark.parametrize(
    ("loops", "told"),
    [
        (LOOPS[:3], "two step counts"),
        ([LOOPS[0], LOOPS[1], LOOPS[3]], "take four"),
        ([*LOOPS, ClosedLoop(3, 16, (1.0,))], "some wait"),
        ([*LOOPS, ClosedLoop(3, 8, ())], "what failed"),
    ],
)
def test_loops_that_tell_too_little_are_refused(loops: list[ClosedLoop], told: str) -> None:
    with pytest.raises(BadInput, match=told):
        fit(loops, cap=8)


def test_a_profile_of_one_batch_size_is_refused() -> None:
    with pytest.raises(BadInput, match="--batches"):
        offline([each for each in _profile() if each.batch == 1], cap=8)
