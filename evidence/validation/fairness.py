"""Whether the probe of the machine's speed tells how fast pictures are. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evidence.validation.figures import AsJson
from evidence.validation.work import slope
from loadgen.metrics import Estimate

LEAST_RUNS = 5
"""To judge the probe by."""


@dataclass(frozen=True)
class Fairness(AsJson):
    """Whether the probe tells how fast pictures are: over runs, the logarithm of their work over
    the expected on that of the probe's ratio. A fair probe has slope 1, less what the noise of the
    ratio takes off."""

    runs: int
    correlation: Estimate
    slope: Estimate


def fairness(pairs: Sequence[tuple[float, float]]) -> Fairness | None:
    """Of (the probe's ratio, the pictures' ratio) of each run; None for fewer than five, or where
    one of them never varies. Fisher's interval of the correlation, Student's of the slope."""
    if len(pairs) < LEAST_RUNS:
        return None
    probe, pictures = np.log(np.array(pairs, float)).T
    if min(np.ptp(probe), np.ptp(pictures)) < 1e-9:
        return None
    found = stats.pearsonr(probe, pictures)
    low, high = found.confidence_interval(0.95)
    correlation = Estimate(float(found.statistic), float(low), float(high))
    return Fairness(len(pairs), correlation, slope(probe, pictures))
