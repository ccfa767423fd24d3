"""Thresholds for the load of the moment, quickly enough for the live controller to ask again and
again: the analytic models alone, without simulation."""

from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.screening import Screen
from controller.queueing.planning.search import search
from controller.queueing.planning.thresholds import Thresholds
from services.contract.forecast import Forecast
from services.contract.rules import Slo

__all__ = ["Thresholds", "replan"]

IDLEST, BUSIEST = 1e-4, 0.97
"""Utilisations at the last level between which thresholds are planned. Above, a steady state is far
or there is none, and the thresholds of a nearly full queue are as good as any."""


def replan(
    forecast: Forecast,
    slo: Slo,
    qualities: tuple[float, ...],
    start: tuple[tuple[int, ...], tuple[int, ...]] | None = None,
) -> Thresholds:
    """The thresholds that promise the best effective quality while the response stays in `slo`.

    `qualities` are those of the levels, best first, as many as `forecast.paces`. Where nothing
    meets the target, those that come nearest to it. Well below 0.3 s for three levels. By steps
    from `start`, the thresholds of the same ladder at a load not far off, less than half as many
    are judged; two levels have so few that all are. Raises BadInput where paces and qualities are
    not as many.
    """
    queue = LevelledQueue(0.0, forecast.paces, qualities, forecast.law, forecast.workers)
    limit = queue.stability_limits[-1]
    rate = min(max(forecast.arrivals.value, IDLEST * limit), BUSIEST * limit)
    loaded = LevelledQueue(rate, forecast.paces, qualities, forecast.law, forecast.workers)
    steps = start is not None and len(start[0]) > 1
    return search(Screen(loaded, slo), Thresholds(*start) if start and steps else None)
