"""Thresholds for the load of the moment, quickly enough for the live controller to ask again and
again: the analytic models alone, without simulation."""

from typing import NamedTuple

from services.contract.forecast import Forecast, response
from services.contract.rules import Slo

MOST_DEPTH = 200


class Thresholds(NamedTuple):
    """Depths at which each level is left for the next, and at or below which it is regained."""

    thresholds: tuple[int, ...]
    climb: tuple[int, ...]


def replan(forecast: Forecast, slo: Slo, qualities: tuple[float, ...]) -> Thresholds:
    """The thresholds that promise the best effective quality while the response stays in `slo`.

    `qualities` are those of the levels, best first, as many as `forecast.paces`. Where nothing
    meets the target, those that come nearest to it.
    """
    thresholds: list[int] = []
    for level in range(len(qualities) - 1):
        least = thresholds[-1] + 1 if thresholds else 1
        thresholds.append(max(least, _first_miss(forecast, slo, level)))
    return Thresholds(tuple(thresholds), tuple(depth - 1 for depth in thresholds))


def _first_miss(forecast: Forecast, slo: Slo, level: int) -> int:
    """The least depth at which a job done at this level would miss the target."""
    for ahead in range(MOST_DEPTH):
        found = response(forecast, level, ahead)
        seconds = found.percentile(slo.percentile) if slo.percentile else found.mean
        if seconds > slo.seconds:
            return ahead + 1
    return MOST_DEPTH
