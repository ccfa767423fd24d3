"""When requests are due, drawn up front. Pure, and the same for the same seed."""

import math
import random
from dataclasses import dataclass

from loadgen.intensity import BadLoad, Intensity


@dataclass(frozen=True)
class Extent:
    """How many requests, or for how many seconds; whichever comes first."""

    count: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.count is None and self.seconds is None:
            raise BadLoad("say when to stop: a number of requests, a duration, or both")
        if (self.count is not None and self.count < 1) or (
            self.seconds is not None and self.seconds <= 0
        ):
            raise BadLoad("there must be at least 1 request, and more than 0 seconds")


def times(
    intensity: Intensity, extent: Extent, chance: random.Random, burstiness: float = 1.0
) -> list[float]:
    """Due times in seconds from the start, increasing.

    A renewal process of mean 1 on the scale of expected arrivals, carried over to time by the
    intensity (time change; Çınlar 1975, for burstiness 1 a Poisson process of that rate). Its gaps
    are gamma distributed with shape `burstiness`: coefficient of variation 1/√burstiness; 1 is
    Poisson, less is burstier, infinity evenly spaced. Nothing is rescaled to hit a count or rate.
    """
    if not burstiness > 0:
        raise BadLoad(f"burstiness must be more than 0 (1 is Poisson); got {burstiness:g}")
    due: list[float] = []
    expected = 0.0
    while extent.count is None or len(due) < extent.count:
        expected += _gap(burstiness, chance)
        at = intensity.when(expected)
        if at == math.inf or (extent.seconds is not None and at > extent.seconds):
            break
        due.append(at)
    return due


def _gap(burstiness: float, chance: random.Random) -> float:
    if math.isinf(burstiness):
        return 1.0
    return chance.gammavariate(burstiness, 1 / burstiness)
