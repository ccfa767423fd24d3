"""Statistics of interleaved repeats. Pure."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def interleaved(measure: Mapping[str, Callable[[], T]], repeats: int) -> dict[str, list[T]]:
    """What each contender measured in every round, in the order of the rounds.

    All are measured once in a round, so that whatever else the machine does hits them alike;
    each round begins with the next contender, so that nobody always runs on a machine that the
    same other one has warmed.
    """
    names = list(measure)
    measured: dict[str, list[T]] = {name: [] for name in names}
    for round_number in range(repeats):
        first = round_number % len(names)
        for name in names[first:] + names[:first]:
            measured[name].append(measure[name]())
    return measured


def median(values: Sequence[float]) -> float:
    """The middle value; ValueError where there is none."""
    if not values:
        raise ValueError("there is no median of no values: measure at least once")
    return statistics.median(values)


def ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """The median over the rounds of one contender's value divided by another's in that round.

    Not the ratio of the medians: what slowed a whole round down falls out of its quotient.
    """
    return median([a / b for a, b in zip(above, below, strict=True)])


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that `percent` of 100 values do not exceed, between the two nearest ranks."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]
