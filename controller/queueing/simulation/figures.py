"""The figures of one run, without its warm-up."""

from typing import Any, NamedTuple

import numpy as np

from controller.queueing.simulation.records import Records, Status
from controller.queueing.simulation.state import Floats

PERCENTILES = {"p50_response": 50, "p95_response": 95, "p99_response": 99}


class Window(NamedTuple):
    """What is counted: jobs from the first on, and the time from its arrival to the horizon's end,
    which is the last arrival where that is a number of jobs."""

    first: int
    begin: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.begin


def figures(
    records: Records,
    qualities: tuple[float, ...] | None,
    first: int = 0,
    seconds: float | None = None,
) -> dict[str, Any]:
    """One run's figures from its job `first` on, under the names of Summary; `seconds` of a horizon
    that is a time."""
    responses = records.response
    window = _window(records, first, seconds)
    counted = slice(window.first, None)
    return {
        **_of_jobs(records, responses, counted),
        **_of_time(records, window),
        **_of_levels(records, qualities, counted),
        "warm_up": window.first / max(1, len(responses)),
    }


def _window(records: Records, first: int, seconds: float | None) -> Window:
    if first >= len(records.arrival):
        return Window(0, 0.0, seconds or 0.0)
    begin = float(records.arrival[first]) if first else 0.0
    return Window(first, begin, seconds or float(records.arrival[-1]))


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
