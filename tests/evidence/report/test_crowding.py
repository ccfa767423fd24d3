"""What company costs is found again where it was planted."""

from dataclasses import replace

import numpy as np
import pytest

from evidence.report.sources import crowding, spread
from evidence.report.sources.spread import Work


def crowded(seed: int, own: float, other: float, alone: float = 0.5) -> Work:
    """A run of 400 pictures whose seconds are what the line says of their company."""
    chance = np.random.default_rng(seed)
    started = np.cumsum(chance.exponential(0.25, 400))
    work = Work(started, started + alone, chance.integers(0, 2, 400))
    for _ in range(60):
        beside = spread.company(work)
        seconds = alone * (1 + own * beside[0] + other * beside[1])
        work = replace(work, finished=started + seconds)
    return work


@pytest.mark.parametrize(("own", "other"), [(0.2, 0.0), (0.15, 0.15), (0.1, 0.2)])
def test_what_company_costs_is_found_again(own: float, other: float) -> None:
    found = crowding.fit([crowded(1, own, other), crowded(2, own, other)])
    assert found is not None
    assert found.alone.value == pytest.approx(0.5, rel=1e-3)
    assert found.own.value == pytest.approx(own, abs=1e-3)
    assert found.other.value == pytest.approx(other, abs=1e-3)
    assert found.more.value == pytest.approx(own - other, abs=1e-3)


def test_a_machine_that_was_slower_in_one_run_is_no_cost_of_company() -> None:
    found = crowding.fit([crowded(1, 0.0, 0.0), crowded(2, 0.0, 0.0, alone=1.5)])
    assert found is not None
    assert (found.own.value, found.other.value) == pytest.approx((0, 0), abs=1e-6)


def test_intervals_hold_what_was_planted_under_noise() -> None:
    noisy = []
    for seed in (1, 2):
        work, chance = crowded(seed, 0.2, 0.1), np.random.default_rng(seed + 10)
        noise = chance.normal(1.0, 0.1, len(work.started))
        noisy.append(replace(work, finished=work.started + (work.finished - work.started) * noise))
    found = crowding.fit(noisy)
    assert found is not None
    assert found.own.low < 0.2 < found.own.high
    assert found.other.low < 0.1 < found.other.high
    assert found.more.low < 0.1 < found.more.high
    assert 0 < found.more.half_width < 0.1


def test_too_few_pictures_or_one_company_alone_tell_no_cost() -> None:
    assert crowding.fit([]) is None
    assert (
        crowding.fit([Work(np.array([0.0, 0.5]), np.array([1.0, 2.0]), np.array([0, 1]))]) is None
    )
    lonely = Work(np.arange(50.0), np.arange(50.0) + 0.5, np.arange(50) % 2)
    assert crowding.fit([lonely]) is None
