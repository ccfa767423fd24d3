"""Rungs that cost more and give less: they have no place in a ladder."""

from collections.abc import Sequence
from typing import NamedTuple

from controller.queueing.original.study import Measured, Rung


class Price(NamedTuple):
    """What a rung takes (seconds a job) and gives (Fréchet inception distance, down is better)."""

    rung: Rung
    seconds: float
    fid: float


class Dominated(NamedTuple):
    """A rung, and the fastest of those that are both faster and better."""

    rung: Price
    by: Price


def prices(measured: Measured, rungs: Sequence[Rung]) -> list[Price]:
    """Of each rung."""
    return [Price(rung, measured.seconds(rung), measured.fid.at(rung)) for rung in rungs]


def dominated(priced: Sequence[Price]) -> list[Dominated]:
    """Rungs that another beats in both, in the given order."""
    found = []
    for price in priced:
        better = [each for each in priced if each.seconds < price.seconds and each.fid < price.fid]
        if better:
            found.append(Dominated(price, min(better, key=lambda each: each.seconds)))
    return found
