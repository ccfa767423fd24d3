"""The figures of a run, the same of records and of a simulation, so that they can be compared."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from evidence.validation.intervals import Floats, mean_of, percentile_of
from loadgen.metrics import Estimate

NAMES = ("mean_response", "p95_response", "mean_number", "effective_quality")
"""What is predicted and measured."""


@dataclass(frozen=True, eq=False)
class Jobs:
    """One entry a request in the order they were due; times in seconds from the start.

    `finished` is NaN and `level` -1 for those that were not answered; `level` is the last one's
    index. `outstanding_until` is when a request stopped to count as outstanding, answered or not;
    its own due time for one that was refused. `counted` leaves out the warm-up. `started` is when
    work on it began, NaN where it did not; `whole` are the answered that had one level only.
    `worker` is who served it: None where that is not known, or there is one.
    """

    due: Floats
    finished: Floats
    outstanding_until: Floats
    level: NDArray[np.int64]
    counted: NDArray[np.bool_]
    started: Floats
    whole: NDArray[np.bool_]
    worker: NDArray[np.int64] | None = None

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Counted, and done."""
        return self.counted & ~np.isnan(self.finished)

    @property
    def responses(self) -> Floats:
        """Seconds from due to done, of the answered, in the order they were due."""
        return (self.finished - self.due)[self.answered]

    @property
    def levels(self) -> NDArray[np.int64]:
        """Of the answered."""
        return self.level[self.answered]

    @property
    def window(self) -> tuple[float, float]:
        """The time in which requests that count were due; of the first run's start without a
        warm-up."""
        due = self.due[self.counted]
        begin = 0.0 if self.counted.all() else float(due[0])
        return begin, float(due[-1])

    def delayed(self, overhead: Floats) -> "Jobs":
        """Each answered later by the overhead of its level, seconds, shape (levels,)."""
        more = np.where(self.level >= 0, overhead[self.level], 0.0)
        ends = {"finished": self.finished, "outstanding_until": self.outstanding_until}
        return replace(self, **{name: times + more for name, times in ends.items()})


@dataclass(frozen=True)
class Figures:
    """Of one run; shares by level, best first. `residency` is None where changes are not known."""

    mean_response: float
    p95_response: float
    mean_number: float
    effective_quality: float | None
    job_shares: tuple[float, ...]
    residency: tuple[float, ...] | None


@dataclass(frozen=True)
class Estimates:
    """The same with intervals; shares and residency have none."""

    mean_response: Estimate
    p95_response: Estimate
    mean_number: Estimate
    effective_quality: Estimate | None
    job_shares: tuple[float, ...]
    residency: tuple[float, ...] | None


def figures(
    jobs: Jobs, qualities: Sequence[float] | None, levels: int, residency: Floats | None
) -> Figures:
    """Of a run with one answered request at least."""
    responses, shares = jobs.responses, job_shares(jobs, levels)
    return Figures(
        mean_response=float(responses.mean()),
        p95_response=float(np.percentile(responses, 95)),
        mean_number=float(depths(jobs, 1).mean()),
        effective_quality=None if qualities is None else float(shares @ np.array(qualities)),
        job_shares=tuple(shares.tolist()),
        residency=None if residency is None else tuple(residency.tolist()),
    )


def estimates(
    jobs: Jobs, qualities: Sequence[float] | None, levels: int, residency: Floats | None
) -> Estimates:
    """The same with intervals, of a run with one answered request at least."""
    worth = None if qualities is None else mean_of(np.array(qualities)[jobs.levels])
    return Estimates(
        mean_response=mean_of(jobs.responses),
        p95_response=percentile_of(jobs.responses, 95),
        mean_number=mean_of(depths(jobs, max(1, len(jobs.responses)))),
        effective_quality=worth,
        job_shares=tuple(job_shares(jobs, levels).tolist()),
        residency=None if residency is None else tuple(residency.tolist()),
    )


def job_shares(jobs: Jobs, levels: int) -> Floats:
    """Which part of the answered ended at each level, shape (levels,)."""
    return np.bincount(jobs.levels, minlength=levels) / max(1, len(jobs.levels))


def depths(jobs: Jobs, spans: int) -> Floats:
    """The mean number outstanding in each of so many equal spans of the window, shape (spans,)."""
    edges = np.linspace(*jobs.window, spans + 1)
    came, left = (_seconds_before(times, edges) for times in (jobs.due, jobs.outstanding_until))
    return np.diff(came - left) / max(float(edges[1] - edges[0]), 1e-12)


def _seconds_before(times: Floats, edges: Floats) -> Floats:
    """The integral up to each edge of the number of events so far."""
    ordered = np.sort(times)
    sums = np.concatenate([[0.0], np.cumsum(ordered)])
    number = np.searchsorted(ordered, edges, side="right")
    return number * edges - sums[number]


def residency(
    changes: Sequence[tuple[float, int]], begin: float, end: float, levels: int
) -> Floats:
    """The share of the time from begin to end in which each level was in force, shape (levels,).

    `changes` are (seconds, level) in order, the first of which holds from before `begin`.
    """
    edges = np.clip([at for at, _ in changes] + [np.inf], begin, end)
    indices = [level for _, level in changes]
    seconds = np.bincount(indices, np.diff(edges), minlength=levels)
    return seconds / max(end - begin, 1e-12)


def by_name(figures: Figures | Estimates, names: Sequence[str]) -> Mapping[str, object]:
    """As JSON holds them; shares by the names of the levels."""
    shares = dict(zip(names, figures.job_shares, strict=True))
    stays = figures.residency
    return {
        **{name: plain(getattr(figures, name)) for name in NAMES},
        "job_shares": shares,
        "residency": None if stays is None else dict(zip(names, stays, strict=True)),
    }


class AsJson:
    """What validation.json holds by the names of its fields."""

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {name: plain(value) for name, value in vars(self).items()}


def plain(value: object) -> object:
    """As JSON holds it: an estimate as value, low and high; no number for what is not finite."""
    if isinstance(value, Estimate):
        return {name: plain(end) for name, end in vars(value).items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value
