"""The law of closed loops that do not count alike."""

from dataclasses import replace

import numpy as np
import pytest

from controller.queueing.refusal import BadInput
from evidence.law import as_shares, effective, fitted, terms
from evidence.served import fit
from tests.evidence.laws import LOOPS, PLANTED, planted_law, planted_loops, values


def _measured() -> tuple[np.ndarray, np.ndarray]:
    """A design of nine loops, and their seconds a few per cent off; nothing at a bound."""
    loops = planted_loops(PLANTED, noise=0.02, seed=4)
    design = terms(np.array([x.steps for x in loops]), np.array([1 + x.company for x in loops]))
    return design, np.array([each.mean for each in loops])


def test_observations_of_one_weight_are_fitted_as_without_weights() -> None:
    """Against ordinary least squares: Student's interval with n - 4 degrees of freedom."""
    design, seconds = _measured()
    relative = design / seconds[:, None]
    expected, squares, *_ = np.linalg.lstsq(relative, np.ones(9), rcond=None)
    covariance = np.linalg.inv(relative.T @ relative) * squares / 5

    for weights in (np.full(9, 1.0), np.full(9, 0.3)):
        found, spread = fitted(design, seconds, weights)

        assert found == pytest.approx(expected)
        # The 97.5 % quantile of Student's t at five degrees of freedom, from any table of it.
        assert np.diag(spread) == pytest.approx(np.diag(covariance) * 2.5706**2, rel=1e-3)


def test_weights_are_those_of_least_squares() -> None:
    """What is left is at right angles to the design, by weight: the normal equations."""
    design, seconds = _measured()
    weights = np.linspace(0.2, 1, 9)
    relative = design / seconds[:, None]

    found, _ = fitted(design, seconds, weights)

    assert relative.T @ (weights * (1 - relative @ found)) == pytest.approx(0, abs=1e-9)


def test_as_many_count_as_are_worth_it() -> None:
    assert effective(np.full(7, 0.2)) == pytest.approx(7)
    assert effective(np.array([1.0, 1.0, 1e-9, 1e-9])) == pytest.approx(2)
    assert effective(np.array([1.0, 0.5])) == pytest.approx(1.5**2 / 1.25)
    assert as_shares(np.array([2.0, 1.0])).sum() == pytest.approx(1.8)


def test_what_hardly_counts_makes_nothing_surer() -> None:
    design, seconds = _measured()
    more = np.vstack([design, design]), np.concatenate([seconds, seconds])
    weights = np.concatenate([np.ones(9), np.full(9, 1e-9)])

    found, spread = fitted(*more, weights)

    alone, reach = fitted(design, seconds, np.ones(9))
    assert found == pytest.approx(alone)
    assert np.diag(spread) == pytest.approx(np.diag(reach), rel=1e-6)


def test_intervals_of_a_weighted_law_hold_the_seconds_about_as_often() -> None:
    """By as many observations as weights are worth, which is near to it and no theorem."""
    law, weights = planted_law(), np.tile([1.0, 0.8, 0.5], 6)
    twice = [
        planted_loops(PLANTED, noise=0.01, seed=seed)
        + planted_loops(PLANTED, noise=0.01, seed=seed + 1000)
        for seed in range(300)
    ]

    known = [fit(loops, 8, weights).alone(25) for loops in twice]

    held = [each.low <= law.seconds(25, 1) <= each.high for each in known]
    assert np.mean(held) == pytest.approx(0.95, abs=0.04)


def test_loops_without_weight_are_left_out() -> None:
    slow = [replace(each, seconds=(3 * each.mean,)) for each in LOOPS]

    law = fit([*LOOPS, *slow], 8, np.repeat([0.4, 0.0], 9))

    assert values(law) == pytest.approx(PLANTED)
    assert law.observations == 9
    with pytest.raises(BadInput, match="take 5"):
        fit(LOOPS, 8, np.repeat([1.0, 0.0], [4, 5]))
