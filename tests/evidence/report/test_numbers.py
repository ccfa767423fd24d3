"""Numbers as a reader wants them."""

import pytest

from evidence.report import numbers
from evidence.report.numbers import Estimate


@pytest.mark.parametrize(
    ("value", "said"),
    [(1.32464, "1.32"), (0.0641, "0.0641"), (10192.4, "10192"), (-0.5, "−0.500"), (None, "–")],
)
def test_three_significant_digits(value: float | None, said: str) -> None:
    assert numbers.number(value) == said


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Estimate(1.3246, 1.2827, 1.3666), "1.325 (1.283 … 1.367)"),
        (Estimate(88.1865, 87.6336, 88.7394), "88.19 (87.63 … 88.74)"),
        (Estimate(11.5, 8.46, 14.57), "11.5 (8.5 … 14.6)"),
        (Estimate(-7.08, -8.64, -5.53), "−7.1 (−8.6 … −5.5)"),
        (Estimate(2.0, 2.0, 2.0), "2.00"),
        (None, "–"),
    ],
)
def test_an_interval_shows_what_is_known(found: Estimate | None, said: str) -> None:
    assert numbers.interval(found) == said


def test_a_value_that_rounds_to_nothing_has_no_sign() -> None:
    assert numbers.plus_minus(Estimate(-0.0004, -0.5, 0.5)) == "0.00 ± 0.50"


@pytest.mark.parametrize(
    ("share", "said"), [(0.12, "12 %"), (0.0433, "4.3 %"), (0, "0 %"), (-0.071, "−7.1 %")]
)
def test_percent(share: float, said: str) -> None:
    assert numbers.percent(share) == said


def test_a_change_has_its_sign() -> None:
    assert numbers.signed(0.05) == "+5.0 %"
    assert numbers.signed(-0.5) == "−50 %"
    assert numbers.signed(None) == "–"


def test_a_rate_is_said_as_it_was_chosen() -> None:
    assert [numbers.exact(each) for each in (5.0, 0.74, 40)] == ["5", "0.74", "40"]


def test_small_probabilities_are_bounds() -> None:
    assert numbers.equals(1e-9) == "< 0.001"
    assert numbers.equals(0.0123) == "= 0.012"
