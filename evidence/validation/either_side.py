"""Whether the machine changed its speed between the loops before a run and those after it. Pure."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from evidence import served
from evidence.law import CONFIDENCE, PictureLaw
from evidence.served import ClosedLoop
from evidence.validation.intervals import Floats
from loadgen.metrics import Estimate

NEAR = 0.8
"""Of the largest weight: loops with less are beside another run."""
LEAST = 2
"""Loops on either side, to tell what single ones vary by."""


def change(
    loops: Sequence[ClosedLoop], weights: Floats, law: PictureLaw, began: float
) -> Estimate | None:
    """How many times as long pictures took just after a run as just before it, in the same company
    by this law: the ratio of geometric means. It `began` then, unix seconds; `weights` are those of
    the loops for it, (loops,). None without two loops on either side. Loops
    of one set are taken to be independent, but share the moment they were played in."""
    beside = weights >= NEAR * weights.max(initial=0.0)
    pairs = [
        (each.at > began, np.log(each.mean / served.said(law, each)))
        for each, near in zip(loops, beside, strict=True)
        if near and each.at is not None
    ]
    sides = [np.array([ratio for late, ratio in pairs if late == after]) for after in (False, True)]
    if min(map(len, sides)) < LEAST:
        return None
    apart, reach = _welch(*sides)
    return Estimate(*np.exp([apart, apart - reach, apart + reach]).tolist())


def _welch(first: Floats, second: Floats) -> tuple[float, float]:
    """Second mean less the first, and half the interval (Welch 1947)."""
    parts = np.array([each.var(ddof=1) / len(each) for each in (first, second)])
    apart = float(second.mean() - first.mean())
    if not parts.sum():
        return apart, 0.0
    own = parts**2 / [len(first) - 1, len(second) - 1]
    freedom = parts.sum() ** 2 / own.sum()
    quantile = stats.t.ppf((1 + CONFIDENCE) / 2, freedom)
    return apart, float(quantile * np.sqrt(parts.sum()))
