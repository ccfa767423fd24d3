"""The work of pictures, by when they were under way. Pure.

A picture's work is the integral of 1/slowdown(b) over the time it was under way, with b pictures
under way: about the seconds that it would have taken alone, if company slows it as the law of its
level says. Only about: what comes before the start of work is not in it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evidence.validation.arrivals import autocorrelation
from evidence.validation.figures import Jobs
from evidence.validation.intervals import Floats
from loadgen.metrics import Estimate
from services.contract.profile import BatchLaw

LEAST_JOBS = 10


@dataclass(frozen=True)
class Works:
    """Of pictures that had one level alone, in the order they were due: seconds of work, and the
    mean number under way meanwhile."""

    seconds: Floats
    company: Floats

    @property
    def ratios(self) -> Floats:
        """Over their own mean."""
        return self.seconds / self.seconds.mean()

    @property
    def scv(self) -> float:
        """Squared coefficient of variation."""
        return float(self.ratios.var(ddof=1))

    @property
    def slope(self) -> Estimate:
        """How much the ratio rises for each further picture under way."""
        return slope(self.company, self.ratios)

    @property
    def autocorrelation(self) -> Estimate:
        """Of what the slope leaves."""
        return autocorrelation(residuals(self.company, self.ratios))


def works_by_level(found: Jobs, laws: Sequence[BatchLaw]) -> Iterator[tuple[int, Works]]:
    """Level and work of ten pictures or more that were never at another; `laws` by level."""
    begun = ~np.isnan(found.started) & np.isfinite(found.outstanding_until)
    spans = found.started[begun], found.outstanding_until[begun]
    at = np.where(found.whole, found.level, -1)[begun]
    for level in np.unique(at[at >= 0]).tolist():
        here = at == level
        if here.sum() >= LEAST_JOBS:
            work, company = works(*spans, laws[level])
            yield level, Works(work[here], company[here])


def works(starts: Floats, ends: Floats, law: BatchLaw) -> tuple[Floats, Floats]:
    """Of each picture: its work, seconds, and the mean number under way meanwhile, itself included.

    Beyond the cap, pictures under way share the places evenly.
    """
    times = np.unique(np.concatenate([starts, ends]))
    lengths = np.append(np.diff(times), 0.0)
    inside = np.searchsorted(np.sort(starts), times, side="right")
    inside -= np.searchsorted(np.sort(ends), times, side="right")
    done = np.concatenate([[0.0], np.cumsum(lengths * speeds(inside, law))])
    number = np.concatenate([[0.0], np.cumsum(lengths * inside)])
    first, last = np.searchsorted(times, starts), np.searchsorted(times, ends)
    spent = np.maximum(ends - starts, 1e-12)
    return done[last] - done[first], (number[last] - number[first]) / spent


def speeds(inside: NDArray[np.int64], law: BatchLaw) -> Floats:
    """Of one picture with so many under way, itself included, as a share of its speed alone."""
    together = np.clip(inside, 1, law.cap)
    slowdown = (law.tau0 + law.tau1 * together) / (law.tau0 + law.tau1)
    return together / np.maximum(inside, 1) / slowdown


def slope(across: Floats, up: Floats) -> Estimate:
    """Of the least-squares line, with Student's interval; 0 without an end where x does not
    vary."""
    if np.ptp(across) < 1e-9:
        return Estimate(0.0, -np.inf, np.inf)
    found = stats.linregress(across, up)
    reach = float(stats.t.ppf(0.975, len(across) - 2)) * found.stderr
    return Estimate(float(found.slope), float(found.slope - reach), float(found.slope + reach))


def residuals(across: Floats, up: Floats) -> Floats:
    """What the least-squares line leaves; from the mean where x does not vary."""
    line = slope(across, up).value
    return up - up.mean() - line * (across - across.mean())
