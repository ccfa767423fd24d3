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
from services.contract.forecast import response

Grid = NDArray[np.float64]
"""Shape (depths, levels)."""


class Conditional(NamedTuple):
    """Mean (seconds) and squared coefficient of variation of the response, given what is found."""

    mean: Grid
    scv: Grid

    def within(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Probability to take no longer, of the gamma with these two (Wilson and Hilferty 1931);
        `seconds` of shape (cases, 1, 1) give (cases, depths, levels)."""
        ratio = seconds / self.mean
        ninth = np.maximum(self.scv, 1e-12) / 9
        return ndtr((np.cbrt(ratio) - 1 + ninth) / np.sqrt(ninth))


def conditional(queue: LevelledQueue, depths: int) -> Conditional:
    """Of a job that finds 0 … depths - 1 others, at each level."""
    model = queue.forecast()
    levels = range(len(queue.paces))
    found = np.array([[response(model, i, n) for i in levels] for n in range(depths)])
    mean, variance = found[..., 0], found[..., 1]
    return Conditional(mean, variance / mean**2)


def probability_within(
    given: Conditional, found: NDArray[np.float64], means: NDArray[np.float64], seconds: float
) -> NDArray[np.float64]:
    """That a job takes no longer than so many seconds, for several mixtures at once.

    `found`: shape (cases, depths, levels); `means`: the mean response of each, by Little's law.
    """
    stretch = means / (found * given.mean).sum(axis=(1, 2))
    return (found * given.within(seconds / stretch[:, None, None])).sum(axis=(1, 2))


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
