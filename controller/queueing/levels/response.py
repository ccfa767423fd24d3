"""How long jobs take in a queue whose level switches: a mixture over what they find.

Poisson arrivals see time averages (Wolff 1982), so that the states' probabilities weigh the
responses that the live model predicts for a job that finds n outstanding and is done, as all ahead
of it, at the level in force on its arrival (services.contract.forecast.response, with a gamma
distribution). An approximation: it does not know the changes of level that come while the job
waits. All times are therefore stretched by one factor, so that their mean is the one that Little's
law gives.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.refusal import BadInput

Grid = NDArray[np.float64]
"""Shape (depths, levels)."""


class Conditional(NamedTuple):
    """Mean (seconds) and squared coefficient of variation of the response, given what is found."""

    mean: Grid
    scv: Grid

    def within(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability to take no longer, of the gamma with these two (Wilson and Hilferty 1931);
        `seconds` of shape (cases, 1) and a flat grid give (cases, size of the grid)."""
        ratio = seconds / self.mean
        ninth = np.maximum(self.scv, 1e-12) / 9
        return ndtr((np.cbrt(ratio) - 1 + ninth) / np.sqrt(ninth))


def conditional(queue: LevelledQueue, depths: int) -> Conditional:
    """Of a job that finds 0 … depths - 1 others, at each level: services.contract.forecast.response
    of all of them at once."""
    seconds, scv, error = np.array([(p.seconds, p.scv, p.error) for p in queue.paces]).T
    number = np.arange(1, depths + 1)[:, None]
    crowding = np.array([engine.law.crowding for engine in queue.engines])
    together = np.minimum(-(-number // queue.workers), queue.law.cap)
    service = seconds * (1 + crowding * (together - 1))
    wait, variance = _wait(scv, service / queue.places, number - queue.places)
    mean = wait + service
    return Conditional(mean, (variance + scv * service**2 + (error * mean) ** 2) / mean**2)


def _wait(scv: Grid, interval: Grid, departures: Grid) -> tuple[Grid, Grid]:
    """Mean and variance until so many have left; 0 where a place is free."""
    later, full = departures - 1, departures > 0
    mean = ((1 + scv) / 2 + later) * interval
    variance = ((1 + scv) * (1 + 5 * scv) / 12 + scv * later) * interval**2
    return np.where(full, mean, 0.0), np.where(full, variance, 0.0)


def probability_within(
    given: Conditional, found: NDArray[np.float64], means: NDArray[np.float64], seconds: float
) -> NDArray[np.float64]:
    """That a job takes no longer than so many seconds, for several mixtures at once.

    `found`: shape (cases, depths, levels); `means`: the mean response of each, by Little's law.
    """
    # At most depths jobs are found at one level alone, whichever the case.
    reached = (found > 0).any(axis=0)
    weights, mean, scv = found[:, reached], given.mean[reached], given.scv[reached]
    stretch = means / (weights @ mean)
    within = Conditional(mean, scv).within((seconds / stretch)[:, None])
    return (weights * within).sum(axis=1)


def percentile(queue: LevelledQueue, measures: LevelMeasures, percent: float) -> float:
    """The response time, seconds, that `percent` of 100 jobs do not exceed.

    Raises BadInput unless 0 < percent < 100.
    """
    if not 0 < percent < 100:
        raise BadInput(f"the percentile is {percent:g}: it must be between 0 and 100")
    given = conditional(queue, len(measures.found))
    mean = np.array([measures.mean_response])

    def short(seconds: float) -> float:
        found = probability_within(given, measures.found[None], mean, seconds)
        return float(found[0]) - percent / 100

    bound = measures.mean_response
    while short(bound) < 0:
        bound *= 2
    return float(brentq(short, 0.0, bound, xtol=1e-9))
