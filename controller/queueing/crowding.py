"""What a profile's timings say of how company slows each level, with 95 % intervals."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

from controller.queueing.fit import CONFIDENCE, LEAST_TIMES
from controller.queueing.refusal import BadInput
from services.contract.profile import Interval, Timing
from services.contract.timings import alone_and_together, crowding, step_points


def fit_crowding(timings: Sequence[Timing]) -> Interval:
    """The share of its time alone by which each other job lengthens a job of one level, by the rule
    of `services.contract.timings.crowding`.

    The interval is the delta method's for β/(α + β) of the unbounded line (van der Vaart,
    Asymptotic Statistics, 1998, §3.1), with Student's n - 2 degrees, cut off at 0 and 1. It takes
    the repeats to be independent, on a line, and of one relative variance, alone as together. Where
    it is the bound alone, [0, 0] or [1, 1], the whole interval of the unbounded line lies beyond:
    it says "beyond that", not that the share is known so well. Raises BadInput for work that was
    not measured at two different numbers of jobs together, or fewer than three repeats.
    """
    value = crowding(timings)
    points = step_points(alone_and_together(timings))
    if value is None or len(points) < LEAST_TIMES:
        raise BadInput(
            f"crowding needs {LEAST_TIMES} times or more of one level, at two numbers of jobs "
            f"together; there are {len(points)}: measure with python -m worker.study profile "
            "--batches 1 8"
        )
    return _cut_off(value, *_ratio(*np.array(points).T))


def _ratio(jobs: np.ndarray, seconds: np.ndarray) -> tuple[float, float]:
    """β/(α + β) of the line by least squares of relative errors, and the reach of its interval."""
    design = np.column_stack([np.ones_like(jobs), jobs]) / seconds[:, None]
    (alpha, beta), *_ = np.linalg.lstsq(design, np.ones_like(seconds), rcond=None)
    residuals, freedom = 1 - design @ (alpha, beta), seconds.size - 2
    covariance = np.linalg.inv(design.T @ design) * (residuals @ residuals) / freedom
    gradient = np.array([-beta, alpha]) / (alpha + beta) ** 2
    error = np.sqrt(gradient @ covariance @ gradient)
    return beta / (alpha + beta), float(error * stats.t.ppf((1 + CONFIDENCE) / 2, freedom))


def _cut_off(value: float, unbounded: float, reach: float) -> Interval:
    """Within 0 and 1, around the value that is held there."""
    low, high = (min(1.0, max(0.0, each)) for each in (unbounded - reach, unbounded + reach))
    return Interval(value=value, low=min(low, value), high=max(high, value))
