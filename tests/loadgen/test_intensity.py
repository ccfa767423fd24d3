"""When so many arrivals are expected, against the integral of the rate."""

import math
import random

import pytest

from loadgen.intensity import BadLoad, Diurnal, Pieces, Ramp, constant, modulated

LAWS = {
    "constant": (constant(2.0), lambda t: 2.0),
    "steps": (
        Pieces((1.0, 6.0, 0.5), (10.0, 5.0)),
        lambda t: 1 if t < 10 else 6 if t < 15 else 0.5,
    ),
    "up": (Ramp(0.0, 4.0, 20.0), lambda t: min(t / 5, 4.0)),
    "down": (Ramp(4.0, 1.0, 20.0), lambda t: max(4 - 3 * t / 20, 1.0)),
    "diurnal": (Diurnal(2.0, 1.0, 30.0), lambda t: 2 * (1 + math.sin(2 * math.pi * t / 30))),
}


@pytest.mark.parametrize("law", LAWS)
def test_the_rate_integrated_up_to_that_time_is_what_was_expected(law: str) -> None:
    intensity, rate = LAWS[law]
    for expected in (0.5, 7.0, 25.0, 60.0):
        end, parts = intensity.when(expected), 20_000
        integral = sum(rate((i + 0.5) * end / parts) for i in range(parts)) * end / parts
        assert integral == pytest.approx(expected, rel=1e-3)


def test_a_rate_of_nothing_lets_nothing_come() -> None:
    paused = Pieces((1.0, 0.0, 1.0), (5.0, 10.0))
    assert paused.when(4.9) == pytest.approx(4.9)
    assert paused.when(5.1) == pytest.approx(15.1)
    assert Pieces((1.0, 0.0), (5.0,)).when(5.1) == math.inf


def test_a_modulated_rate_is_in_each_state_for_its_share_of_the_time() -> None:
    path = modulated((1.0, 5.0), (30.0, 10.0), 200_000, random.Random(7))
    fast = sum(path.seconds[1::2])
    # A share of two alternating exponentials: 1/4, standard deviation about 0.004 here.
    assert fast / sum(path.seconds) == pytest.approx(0.25, abs=0.012)
    assert path.seconds[0] != modulated((1.0, 5.0), (30.0, 10.0), 9, random.Random(8)).seconds[0]


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: constant(0), "more than 0 a second; got 0"),
        (lambda: constant(-1), "more than 0 a second"),
        (lambda: constant(math.inf), "more than 0 a second"),
        (lambda: Pieces((1.0, 2.0), ()), "needs a time"),
        (lambda: Pieces((0.0, 0.0), (1.0,)), "not all 0"),
        (lambda: Pieces((1.0, 2.0), (0.0,)), "more than 0 seconds"),
        (lambda: Ramp(1.0, 0.0, 5.0), "to one > 0"),
        (lambda: Diurnal(1.0, 1.5, 5.0), "swing <= 1"),
        (lambda: modulated((1.0,), (1.0,), 9, random.Random(1)), "two or more states"),
    ],
)
def test_what_is_no_rate_is_refused_with_the_reason(make, complaint: str) -> None:
    with pytest.raises(BadLoad, match=complaint):
        make()
