"""Figures of one run without its warm-up, and of replications with their uncertainty."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import t as student

from controller.queueing.refusal import BadInput
from controller.queueing.simulation.records import Records, Status
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Scenario
from controller.queueing.simulation.state import Floats
from controller.queueing.simulation.warmup import mser5

Cut = Callable[[Floats], int]
"""How many of these response times, in the order of arrival, are warm-up."""
PERCENTILES = {"p50_response": 50, "p95_response": 95, "p99_response": 99}


def no_warm_up(_responses: Floats) -> int:
    """Count every job: for finite horizons, where the beginning is part of the question."""
    return 0


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

    def as_json(self) -> dict[str, Any]:
        """As command lines print it."""
        return {"mean": self.mean, "ci95": [self.low, self.high]}


@dataclass(frozen=True)
class Summary:
    """Estimates of one scenario: seconds, jobs, shares from 0 to 1, events a second.

    Responses and waits are those of finished jobs, late ones included. `utilisation` is the share
    of a worker's time with at least one job in it; `residency[i]` the share of time in which level
    i was in force; `job_shares[i]` the share of finished jobs that ended at level i, and
    `effective_quality` the average of their levels' qualities (None without qualities).
    """

    utilisation: Estimate
    probability_of_waiting: Estimate
    mean_wait: Estimate
    mean_response: Estimate
    mean_number: Estimate
    p50_response: Estimate
    p95_response: Estimate
    p99_response: Estimate
    loss_probability: Estimate
    drop_probability: Estimate
    late_probability: Estimate
    throughput: Estimate
    switch_rate: Estimate
    residency: tuple[Estimate, ...]
    job_shares: tuple[Estimate, ...]
    effective_quality: Estimate | None
    replications: int
    warm_up: float
    """Mean share of jobs that were cut."""


class Window(NamedTuple):
    """What is counted: jobs from the first on, and the time from its arrival to the last's."""

    first: int
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.begin


def replicate(scenario: Scenario, seeds: Iterable[int], cut: Cut = mser5) -> Summary:
    """Run once for each seed; at least two. Without a steady state, give `cut=no_warm_up`."""
    return summarise((simulate(scenario, seed) for seed in seeds), scenario.qualities, cut)


def summarise(
    runs: Iterable[Records], qualities: tuple[float, ...] | None = None, cut: Cut = mser5
) -> Summary:
    """The estimates of runs that differ in their seeds alone. Raises BadInput for fewer than 2."""
    rows = [figures(run, qualities, cut) for run in runs]
    if len(rows) < 2:
        raise BadInput("a confidence interval needs two replications or more")
    merged = {name: _estimates([row[name] for row in rows]) for name in rows[0]}
    warm_up = merged.pop("warm_up").mean
    return Summary(**merged, replications=len(rows), warm_up=warm_up)


def estimate(values: Floats) -> Estimate:
    """Student's t interval of independent values; NaN values are left out."""
    known = values[~np.isnan(values)]
    if len(known) < 2:
        return Estimate(*[float(known[0])] * 3) if len(known) else Estimate(*[float("nan")] * 3)
    half = student.ppf(0.975, len(known) - 1) * known.std(ddof=1) / np.sqrt(len(known))
    mean = float(known.mean())
    return Estimate(mean, mean - float(half), mean + float(half))


def figures(records: Records, qualities: tuple[float, ...] | None, cut: Cut) -> dict[str, Any]:
    """One run's figures, under the names of Summary."""
    responses = records.response
    window = _window(records, cut(responses))
    counted = slice(window.first, None)
    return {
        **_of_jobs(records, responses, counted),
        **_of_time(records, window),
        **_of_levels(records, qualities, counted),
        "warm_up": window.first / max(1, len(responses)),
    }


def _window(records: Records, first: int) -> Window:
    if first >= len(records.arrival):
        return Window(0, 0.0, 0.0)
    begin = float(records.arrival[first]) if first else 0.0
    return Window(first, begin, float(records.arrival[-1]))


def _of_jobs(records: Records, responses: Floats, counted: slice) -> dict[str, Any]:
    response, status = responses[counted], records.status[counted]
    done = records.done[counted]
    response, wait = response[done], records.wait[counted][done]
    percentiles = (
        np.percentile(response, [*PERCENTILES.values()]) if len(response) else [np.nan] * 3
    )
    return {
        "probability_of_waiting": _mean(wait > 0),
        "mean_wait": _mean(wait),
        "mean_response": _mean(response),
        **dict(zip(PERCENTILES, map(float, percentiles), strict=True)),
        "loss_probability": _mean(status == Status.LOST),
        "drop_probability": _mean(status == Status.DROPPED),
        "late_probability": _mean(status == Status.LATE),
    }


def _of_time(records: Records, window: Window) -> dict[str, Any]:
    begin, end, seconds = window.begin, window.end, window.seconds or np.nan
    left = records.finish[records.done]
    switches = records.switch_time[1:]
    return {
        "utilisation": records.busy_seconds(begin, end) / seconds / records.workers,
        "mean_number": records.depth_seconds(begin, end) / seconds,
        "throughput": np.count_nonzero((left > begin) & (left <= end)) / seconds,
        "switch_rate": np.count_nonzero((switches > begin) & (switches <= end)) / seconds,
        "residency": records.residency(begin, end) if window.seconds else _unknown(records),
    }


def _of_levels(
    records: Records, qualities: tuple[float, ...] | None, counted: slice
) -> dict[str, Any]:
    levels = records.last_level[counted][records.done[counted]]
    if not len(levels):
        shares = _unknown(records)
    else:
        shares = np.bincount(levels, minlength=records.levels) / len(levels)
    quality = None if qualities is None else float(shares @ np.array(qualities))
    return {"job_shares": shares, "effective_quality": quality}


def _unknown(records: Records) -> Floats:
    return np.full(records.levels, np.nan)


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def _estimates(values: list[Any]) -> Any:
    """One estimate, one for each level, or None, as the values are."""
    if values[0] is None:
        return None
    stacked = np.array(values, float)
    if stacked.ndim == 1:
        return estimate(stacked)
    return tuple(estimate(column) for column in stacked.T)
