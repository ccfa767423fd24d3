"""What closed loops are asked, beside the law itself (test_law)."""

import numpy as np
import pytest

from controller.queueing.refusal import BadInput
from evidence.served import TOLERANCE, ClosedLoop, fit, mean_of_means, said

FINISHING, TAU0, TAU1 = 0.03, 0.010, 0.003
CAP = 8


def loops(ways: tuple[float, ...], most: float = 6.0) -> list[ClosedLoop]:
    """Two step counts and three companies, each with its own time on the way."""
    settings = [(steps, company) for steps in (3, 25) for company in (0.0, 2.0, most)]
    return [_loop(*setting, way) for setting, way in zip(settings, ways, strict=True)]


def _loop(steps: int, company: float, way: float) -> ClosedLoop:
    """All the time beside so many; for a part of one more, that share of the time beside it."""
    whole, part = divmod(company, 1)
    beside = (0.0,) * int(whole) + (1 - part, part)
    together = min(whole + 1, CAP)
    seconds = FINISHING * together + steps * (TAU0 + TAU1 * together)
    return ClosedLoop(steps, beside, (way,) * 5, (seconds,) * 5)


def test_the_interval_of_the_time_before_work_is_students() -> None:
    ways = (0.010, 0.012, 0.011, 0.015, 0.012, 0.012)

    found = fit(loops(ways), CAP).before

    # The 97.5 % quantile of Student's t at five degrees of freedom, from any table of it.
    reach = 2.571 * np.std(ways, ddof=1) / np.sqrt(6)
    assert found.value == pytest.approx(0.012)
    assert found.high - found.value == pytest.approx(reach, rel=1e-3)
    assert found.value - found.low == pytest.approx(reach, rel=1e-3)


def test_nineteen_intervals_of_twenty_hold_the_truth() -> None:
    noise = np.random.default_rng(3).normal(1.0, 0.2, (2000, 6))

    intervals = (mean_of_means(means, np.ones(6)) for means in noise)
    held = [found.low <= 1.0 <= found.high for found in intervals]

    assert np.mean(held) == pytest.approx(0.95, abs=0.015)


def test_means_count_by_their_weight() -> None:
    """One that counts half as much has half the pull; alike, they are as without weights."""
    means = np.array([1.0, 1.0, 4.0])

    assert mean_of_means(means, np.array([1.0, 1.0, 0.5])).value == pytest.approx(1.6)
    alike, without = mean_of_means(means, np.full(3, 0.2)), mean_of_means(means, np.ones(3))
    assert alike.model_dump() == pytest.approx(without.model_dump())


def test_a_law_says_of_a_loop_what_it_was_fitted_to() -> None:
    made = [*loops((0.01,) * 6), _loop(25, 2.6, 0.01)]

    law = fit(made[:-1], CAP)

    for each in made[:-1]:
        assert said(law, each) == pytest.approx(each.mean)
    assert said(law, made[2]) < said(law, made[-1]) * 0.5


def test_a_hair_more_company_than_there_are_places_is_rounding() -> None:
    ways = (0.01,) * 6

    assert fit(loops(ways, CAP - 1 + 0.02), CAP).tau0.value == pytest.approx(TAU0)
    with pytest.raises(BadInput, match="step together"):
        fit(loops(ways, CAP - 1 + TOLERANCE + 0.01), CAP)
