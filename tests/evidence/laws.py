"""A law that is planted, and closed loops of a stack that obeys it."""

import numpy as np

from evidence.law import PictureLaw
from evidence.served import ClosedLoop
from services.contract.profile import Interval

BEFORE, PLANTED = 0.01, (0.030, 0.020, 0.013, 0.0045)
NAMES = ("phi0", "phi1", "tau0", "tau1")


def planted_law(planted: tuple[float, ...] = PLANTED) -> PictureLaw:
    """Of which there is no doubt."""
    values = [Interval(value=each, low=each, high=each) for each in (*planted, BEFORE)]
    return PictureLaw(*values, cap=8, observations=9)


def planted_loops(
    planted: tuple[float, ...], noise: float = 0.0, seed: int = 0
) -> list[ClosedLoop]:
    """Three step counts and three companies, each loop a share of its mean off."""
    law, chance = planted_law(planted), np.random.default_rng(seed)
    off = chance.normal(1, noise, 9).tolist()
    return [
        ClosedLoop(n, always_beside(b - 1), (BEFORE,) * 5, (law.seconds(n, b) * off.pop(),) * 5)
        for n in (3, 25, 100)
        for b in (1, 4, 8)
    ]


def always_beside(others: int) -> tuple[float, ...]:
    """All the time beside so many."""
    return (0.0,) * others + (1.0,)


def values(law: PictureLaw) -> list[float]:
    """φ0, φ1, τ0, τ1."""
    return [getattr(law, name).value for name in NAMES]


LOOPS = planted_loops(PLANTED)
