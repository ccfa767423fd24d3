"""Means over replications, with their uncertainty."""

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t as student

from controller.queueing.simulation.state import Floats


class Estimate(NamedTuple):
    """A mean over replications and its 95 % confidence interval."""

    mean: float
    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Of the interval."""
        return (self.high - self.low) / 2

    def holds(self, value: float) -> bool:
        """Whether the interval contains a value."""
        return self.low <= value <= self.high

    def within(self, least: float, most: float) -> "Estimate":
        """The same where its interval goes no further than values can."""
        return Estimate(self.mean, max(self.low, least), min(self.high, most))

    def as_json(self) -> dict[str, Any]:
        """As command lines print it."""
        return {"mean": self.mean, "ci95": [self.low, self.high]}


def estimate(values: Floats) -> Estimate:
    """Student's t interval of independent values; NaN values are left out."""
    known = values[~np.isnan(values)]
    if len(known) < 2:
        return Estimate(*[float(known[0])] * 3) if len(known) else Estimate(*[float("nan")] * 3)
    half = student.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    mean = float(known.mean())
    return Estimate(mean, mean - float(half), mean + float(half))


def estimated(values: list[Any]) -> Any:
    """One estimate, one for each level, or None, as the values are."""
    if values[0] is None:
        return None
    stacked = np.array(values, float)
    if stacked.ndim == 1:
        return estimate(stacked)
    return tuple(estimate(column) for column in stacked.T)
