"""Whether pictures took in the engine what the profile says. Pure.

A picture's work is the integral of 1/slowdown(b) over the time it was under way, with b pictures
under way: the seconds that it would have taken alone, if company slows it as the batch law says.
Over the profile's seconds that is 1 on average, whatever the load.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from evidence.validation.arrivals import autocorrelation
from evidence.validation.figures import plain
from evidence.validation.intervals import Floats, mean_of
from loadgen.metrics import Estimate
from loadgen.record import SUCCEEDED, Record
from services.contract.profile import BatchLaw

LEAST_JOBS = 10
WIDE = 0.05
"""A ratio so far from 1 counts, if its interval does not hold 1 either."""
STEEP = 0.025
"""So does a slope so far from 0."""


@dataclass(frozen=True)
class Expected:
    """What a picture of a level should take: seconds alone in the engine, half the interval of that
    as a share of it, squared coefficient of variation, and seconds besides the engine while it
    counts as under way."""

    seconds: float
    doubt: float
    scv: float
    besides: float


@dataclass(frozen=True)
class Service:
    """Of the pictures that had one level alone: measured work over the profile's, half the
    profile's own interval as a share of it, the squared coefficient of variation, how much the
    ratio rises for each further picture under way (0 under the batch law), and the autocorrelation
    of what that leaves unexplained (0 if independent)."""

    level: str
    jobs: int
    ratio: Estimate
    doubt: float
    scv: float
    expected_scv: float
    slope: Estimate
    autocorrelation: Estimate

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {name: plain(value) for name, value in vars(self).items()}

    @property
    def differs(self) -> bool:
        """Whether the work is another than the profile's, beyond what that is sure of."""
        return self._apart and abs(self.ratio.value - 1) > self._reach

    @property
    def doubted(self) -> bool:
        """Whether the work is another than the profile's, but no other than that allows for."""
        return self._apart and not self.differs

    @property
    def _apart(self) -> bool:
        far = abs(self.ratio.value - 1) > WIDE
        return far and not self.ratio.low <= 1 <= self.ratio.high

    @property
    def _reach(self) -> float:
        """Half the interval of the ratio with the profile's own, as independent errors."""
        half = (self.ratio.high - self.ratio.low) / 2
        return float(np.hypot(half, self.ratio.value * self.doubt))

    @property
    def beyond_the_law(self) -> bool:
        """Whether company slows, or speeds, pictures other than the batch law says."""
        apart = abs(self.slope.value) > STEEP
        return apart and not self.slope.low <= 0 <= self.slope.high


def services(
    ordered: Sequence[Record], expected: Mapping[str, Expected], law: BatchLaw
) -> tuple[Service, ...]:
    """Of each level with ten pictures at least that were never at another."""
    begun = [each for each in ordered if each.started is not None and each.finished is not None]
    starts = np.array([each.started for each in begun], float)
    ends = np.array([each.finished for each in begun], float)
    if len(begun) < LEAST_JOBS:
        return ()
    work, company = works(starts, ends, law)
    found = []
    for level, known in expected.items():
        here = np.array([_whole(each, level) for each in begun])
        if here.sum() >= LEAST_JOBS:
            found.append(_service(level, work[here] - known.besides, company[here], known))
    return tuple(found)


def _whole(request: Record, level: str) -> bool:
    return request.status == SUCCEEDED and set(request.levels or (request.level,)) == {level}


def _service(level: str, work: Floats, company: Floats, known: Expected) -> Service:
    ratios = work / known.seconds
    return Service(
        level=level,
        jobs=len(work),
        ratio=mean_of(ratios),
        doubt=known.doubt,
        scv=float(work.var(ddof=1) / work.mean() ** 2),
        expected_scv=known.scv,
        slope=slope(company, ratios),
        autocorrelation=autocorrelation(residuals(company, ratios)),
    )


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
