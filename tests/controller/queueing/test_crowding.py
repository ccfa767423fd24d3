"""What company adds is recovered from planted times, and moves what the live controller plans."""

import numpy as np
import pytest
from numpy.random import default_rng

from controller.queueing.crowding import fit_crowding
from controller.queueing.refusal import BadInput
from controller.queueing.replanning import replan
from services.contract.profile import Interval
from services.contract.rules import Slo
from services.contract.timings import crowding
from tests.controller.queueing.test_fit import holds, timing
from tests.controller.queueing.test_replanning import ENGINE, THREE, forecast


def planted(seed: int, share: float, noise: float = 0.05, repeats: int = 4) -> list:
    """S(b) = 0.1·(1 + share·(b - 1)) seconds at b = 1 and 8, times a normal relative error."""
    rng = default_rng(seed)
    return [
        timing(3, list(0.1 * (1 + share * (b - 1)) * rng.normal(1, noise, repeats)), batch=b)
        for b in (1, 8)
    ]


def test_intervals_hold_the_planted_share_as_often_as_they_say() -> None:
    """400 levels: 95 % is 380, and four standard deviations of the count are 17."""
    found = [fit_crowding(planted(seed, 0.4)) for seed in range(400)]
    assert 363 <= sum(holds(each, 0.4) for each in found) <= 397


def test_without_noise_the_share_is_exact() -> None:
    found = fit_crowding(planted(1, 0.25, noise=0.0))
    assert (found.low, found.value, found.high) == pytest.approx((0.25, 0.25, 0.25))


@pytest.mark.parametrize("seed", range(5))
def test_the_figure_is_the_profiles_own(seed: int) -> None:
    """Two programs of one rule: linear algebra here, weighted means there."""
    timings = planted(seed, 0.4)
    [low, high] = [
        np.mean([1 / s for s in t.seconds]) / np.mean(np.square(t.seconds) ** -1.0) for t in timings
    ]
    found = fit_crowding(timings)
    assert found.value == crowding(timings)
    # With two numbers together the line goes through the mean of each that weights 1/s² make.
    assert found.value == pytest.approx((high - low) / 7 / low)


def test_what_is_held_at_a_bound_has_an_interval_that_ends_there() -> None:
    helped, queued = fit_crowding(planted(1, -0.05)), fit_crowding(planted(1, 1.3))
    assert (helped.low, helped.value) == (0, 0)
    assert queued == Interval(value=1, low=1, high=1)
    nearly = fit_crowding(planted(1, 0.99))
    assert nearly.low < 0.99
    assert nearly.high == 1


@pytest.mark.parametrize(
    "timings",
    [[], [timing(3, [1.0, 1.0, 1.0])], [timing(3, [1.0]), timing(3, [2.0], batch=8)]],
)
def test_what_had_no_company_or_too_little_is_refused(timings: list) -> None:
    with pytest.raises(BadInput, match=r"crowding needs 3 times.*worker\.study profile"):
        fit_crowding(timings)


def test_the_live_plan_leaves_levels_sooner_where_the_last_is_crowded() -> None:
    """As crowded as the law says, a level is as it was."""
    plain = forecast(3.0)

    def planned(share: float | None):
        *others, last = plain.paces
        paces = (*others, last.model_copy(update={"crowding": share}))
        return replan(plain.model_copy(update={"paces": paces}), Slo(seconds=3), THREE)

    assert planned(ENGINE.crowding) == planned(None)
    pairs = zip(planned(1.0).thresholds, planned(None).thresholds, strict=True)
    assert all(crowded < as_the_law for crowded, as_the_law in pairs)
