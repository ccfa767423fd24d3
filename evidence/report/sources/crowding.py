"""What a picture's company costs it: in its own worker, and in the others. Pure.

    seconds = S · (1 + own·a + other·o)

S alone, beside a others in its worker and o in other workers on average. Workers with a device each
have other = 0. Where own = other it does not matter where a picture is: with n = a + o beside it,
seconds are S · (1 + other·n + (own - other)·a), so that the difference is all that spreading
pictures evenly can gain by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from controller.queueing.simulation.state import Floats, Integers
from evidence.report.numbers import Estimate
from evidence.report.sources.spread import Work, company
from evidence.validation import intervals

LEAST = 30
"""Pictures, below which no coefficient is fitted"""


@dataclass(frozen=True)
class Crowding:
    """`alone` in seconds; the others as shares of it for each picture more beside one.

    `more` is own less other.
    """

    ALIKE: ClassVar[float] = 0.02
    """Of `alone`: where own and other differ by less, it is not worth a rule where a picture is"""

    alone: Estimate
    own: Estimate
    other: Estimate
    more: Estimate

    @property
    def alike(self) -> bool:
        """Whether all of the interval of `more` says so."""
        return self.more.low >= -self.ALIKE and self.more.high <= self.ALIKE


def fit(runs: Sequence[Work]) -> Crowding | None:
    """By least squares over the pictures of all runs, with block bootstrap intervals; None for too
    few, or where own and other company do not differ.

    Slopes are from within runs, so that a machine that was slower in one does not pass for a cost
    of the company that it makes.
    """
    beside = [np.column_stack(company(work)) for work in runs]
    seconds = [(work.finished - work.started)[work.ended] for work in runs]
    if sum(map(len, seconds)) < LEAST:
        return None
    within = np.concatenate([_centred(each) for each in beside])
    if np.linalg.matrix_rank(within) < within.shape[1]:
        return None
    found = _Pictures(
        *(np.concatenate(beside), np.concatenate(seconds)),
        *(within, np.concatenate([_centred(each) for each in seconds])),
    )
    length = intervals.block_length(found.seconds)
    drawn = intervals.resampled(len(within), length, np.random.default_rng(0))
    figures = zip(_figures(found), _figures(found.drawn(drawn)), strict=True)
    ranged = [intervals.ranged(float(value), again) for value, again in figures]
    return Crowding(*(Estimate(each.value, each.low, each.high) for each in ranged))


def _centred(values: Floats) -> Floats:
    """Less the mean of each column."""
    return values - values.mean(axis=0)


class _Pictures(NamedTuple):
    """(own, other) company, (…, n, 2), and seconds, (…, n): as observed, and less their run's
    means."""

    beside: Floats
    seconds: Floats
    beside_within: Floats
    seconds_within: Floats

    def drawn(self, rows: Integers) -> "_Pictures":
        """With these pictures: (resamples, n)."""
        return _Pictures(*(each[rows] for each in self))


def _figures(found: _Pictures) -> tuple[Floats, ...]:
    """In the order of Crowding, each of shape (…)."""
    x, y = found.beside_within, found.seconds_within
    square = np.einsum("...ni,...nj->...ij", x, x)
    slopes = np.einsum("...ij,...nj,...n->...i", np.linalg.pinv(square), x, y)
    alone = found.seconds.mean(axis=-1) - (slopes * found.beside.mean(axis=-2)).sum(axis=-1)
    own, other = np.moveaxis(slopes, -1, 0)
    return alone, own / alone, other / alone, (own - other) / alone
