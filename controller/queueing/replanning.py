"""Thresholds for the load of the moment, quickly enough for the live controller to ask again and
again: the analytic models alone, without simulation."""

from controller.model import Thresholds
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.screening import Screen
from controller.queueing.planning.search import MOST_PAIRED, search
from controller.queueing.planning.thresholds import require_thresholds
from controller.queueing.refusal import BadInput
from services.contract.forecast import Forecast
from services.contract.rules import Slo

IDLEST, BUSIEST = 1e-4, 0.97
"""Utilisations at the last level between which thresholds are planned. Above, a steady state is far
or there is none, and the thresholds of a nearly full queue are as good as any."""
STEPPED = range(3, MOST_PAIRED // 2 + 2)
"""Levels of a ladder on which a plan goes by steps: with two there are so few thresholds that all
are searched, with more no pairs are moved, and steps would end where one threshold can rise only
as another falls."""


def replan(
    forecast: Forecast,
    slo: Slo,
    qualities: tuple[float, ...],
    start: Thresholds | None = None,
) -> Thresholds:
    """The thresholds that promise the best effective quality while the response stays in `slo`.

    `qualities` are those of the levels, best first, as many as `forecast.paces`. Where nothing
    meets the target, those that come nearest to it. Well below 0.3 s for three levels. By steps
    from `start`, the thresholds of the same ladder at a load not far off, less than half as many
    are judged; all are searched where steps do not meet the target, and on ladders for which they
    are not made (STEPPED). Raises BadInput where paces and qualities are not as many, or the start
    is of another ladder.
    """
    queue = LevelledQueue(0.0, forecast.paces, qualities, forecast.law, forecast.workers)
    if start is not None:
        _require_of(queue, start)
    limit = queue.stability_limits[-1]
    rate = min(max(forecast.arrivals.value, IDLEST * limit), BUSIEST * limit)
    loaded = LevelledQueue(rate, forecast.paces, qualities, forecast.law, forecast.workers)
    return search(Screen(loaded, slo), start if len(forecast.paces) in STEPPED else None)


def _require_of(queue: LevelledQueue, start: Thresholds) -> None:
    levels = len(queue.paces)
    if len(start.thresholds) != levels - 1:
        raise BadInput(
            f"steps from {len(start.thresholds)} thresholds on a ladder of {levels} levels: give "
            f"{levels - 1}, those of its last plan"
        )
    require_thresholds(start)
