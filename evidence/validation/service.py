"""Whether pictures took in the engine what the profile says. Pure.

A picture's work is the integral of 1/slowdown(b) over the time it was under way, with b pictures under
way: the seconds that it would have taken alone, if company slows it as the batch law says. Over the
profile's seconds that is 1 on average, whatever the load.
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
WIDE = 0.1
"""A ratio so far from 1 counts, if its interval does not hold 1 either."""


@dataclass(frozen=True)
class Expected:
    """What a picture of a level should take: seconds alone in the engine, half the interval of that
    as a share of it, squared coefficient of variation, and seconds besides the engine while it counts
    as under way."""

    seconds: float
    doubt: float
    scv: float
    besides: float


@dataclass(frozen=True)
class Service:
    """Of the pictures that had one level alone: measured work over the profile's, its squared
    coefficient of variation, how much the ratio rises for each further picture under way (0 under
    the batch law), and whether neighbours are alike."""

    level: str
    jobs: int
    ratio: Estimate
    scv: float
    expected_scv: float
    slope: Estimate
    autocorrelation: Estimate

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {name: plain(value) for name, value in vars(self).items()}

    @property
    def differs(self) -> bool:
        """Whether the work is another than the profile's."""
        apart = abs(self.ratio.value - 1) > WIDE
        return apart and not self.ratio.low <= 1 <= self.ratio.high

    @property
    def beyond_the_law(self) -> bool:
        """Whether company slows, or speeds, pictures other than the batch law says; by less than a
        tenth of the work over the places it does not matter."""
        apart = abs(self.slope.value) > WIDE / 4
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
    measured = mean_of(ratios)
    return Service(
        level=level,
        jobs=len(work),
        ratio=_doubted(measured, known.doubt),
        scv=float(work.var(ddof=1) / work.mean() ** 2),
        expected_scv=known.scv,
        slope=slope(company, ratios),
        autocorrelation=autocorrelation(ratios),
    )


def _doubted(ratio: Estimate, doubt: float) -> Estimate:
    """With the interval of what it is divided by, as an independent error."""
    reach = ratio.value * doubt
    low = ratio.value - float(np.hypot(ratio.value - ratio.low, reach))
    return Estimate(
        ratio.value, low, ratio.value + float(np.hypot(ratio.high - ratio.value, reach))
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
