"""Whether requests came as the models have it: independent gaps of one distribution. Pure."""

import math
from dataclasses import dataclass

import numpy as np
from scipy import stats

from evidence.validation.figures import AsJson
from evidence.validation.intervals import RESAMPLES, Floats, autocovariances, ranged
from loadgen.metrics import Estimate

LEAST_GAPS = 10
SIGNIFICANT = 0.01
"""Below this probability a test counts: of a hundred sound runs one is named."""


@dataclass(frozen=True)
class Arrivals(AsJson):
    """Of the gaps between due times: squared coefficient of variation (1 for a Poisson process),
    autocorrelation of neighbours (0), dispersion of counts (variance over mean, 1 for Poisson), and
    how likely gaps like these are with the rate asked for: of Kolmogorov and Smirnov's test against
    the exponential, and of the dispersion by χ² (Fisher 1950)."""

    gaps: int
    rate: float
    gaps_scv: Estimate
    autocorrelation: Estimate
    dispersion: float | None
    dispersion_p: float | None
    ks_p: float

    @property
    def dependent(self) -> bool:
        """Whether a gap says something of the next."""
        return not self.autocorrelation.low <= 0 <= self.autocorrelation.high

    @property
    def not_poisson(self) -> bool:
        """Whether Poisson arrivals of this rate would hardly look so."""
        dispersed = self.dispersion_p is not None and self.dispersion_p < SIGNIFICANT
        return self.ks_p < SIGNIFICANT or dispersed


def arrivals(due: Floats, rate: float) -> Arrivals | None:
    """Of due times in order, asked for at so many a second; None for fewer than 11."""
    gaps = np.diff(due)
    if len(gaps) < LEAST_GAPS or gaps.mean() <= 0:
        return None
    dispersion, probability = dispersed(due, rate)
    return Arrivals(
        gaps=len(gaps),
        rate=1 / float(gaps.mean()),
        gaps_scv=_scv(gaps),
        autocorrelation=autocorrelation(gaps),
        dispersion=dispersion,
        dispersion_p=probability,
        ks_p=float(stats.kstest(gaps, "expon", args=(0, 1 / rate)).pvalue),
    )


def _scv(gaps: Floats) -> Estimate:
    """Variance over mean², with the ordinary bootstrap (Efron 1979): gaps are taken to be
    independent, which the autocorrelation tests."""
    drawn = np.random.default_rng(0).choice(gaps, (RESAMPLES, len(gaps)))
    scv = drawn.var(axis=1, ddof=1) / drawn.mean(axis=1) ** 2
    return ranged(float(gaps.var(ddof=1) / gaps.mean() ** 2), scv)


def autocorrelation(values: Floats) -> Estimate:
    """Of neighbours, with Fisher's interval on the scale of the inverse hyperbolic tangent (1921);
    0 for values that do not vary."""
    level, neighbours = autocovariances(values, 1)
    # What does not vary has a variance of rounding alone.
    varies = level > 1e-18 * max(1.0, float(np.mean(values)) ** 2)
    found = float(np.clip(neighbours / level, -0.999, 0.999)) if varies else 0.0
    reach = stats.norm.ppf(0.975) / math.sqrt(max(1, len(values) - 3))
    score = math.atanh(found)
    return Estimate(found, math.tanh(score - reach), math.tanh(score + reach))


def dispersed(due: Floats, rate: float) -> tuple[float | None, float | None]:
    """Variance over mean of the counts in equal spans that hold about ten arrivals each, and the
    probability of one as far from 1 for Poisson arrivals; None for fewer than 6 spans."""
    spans = int(rate * (due[-1] - due[0]) / 10)
    if spans < 6:
        return None, None
    counts, _ = np.histogram(due, bins=np.linspace(due[0], due[-1], spans + 1))
    dispersion = float(counts.var(ddof=1) / counts.mean())
    below = float(stats.chi2.cdf((spans - 1) * dispersion, spans - 1))
    return dispersion, 2 * min(below, 1 - below)
