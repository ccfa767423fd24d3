"""How good the estimates were that clients got: what was predicted against what came to pass."""

from collections.abc import Sequence
from statistics import fmean, median
from typing import Any, NamedTuple

from pydantic import Field

from services.contract import keys, samples
from services.contract.jobs import Queue
from services.contract.ladder import Strict

LATEST = 100
CLOSE = 0.25


class Told(NamedTuple):
    """Seconds from acceptance to end: as the client was told, and as it came."""

    predicted: float
    actual: float


class Calibration(Strict):
    """The estimates of a queue's latest jobs, as they were made when the jobs were accepted."""

    count: int = Field(ge=1, description="Jobs that had an estimate, of the latest finished.")
    median_ratio: float = Field(description="Median of actual/predicted; 1 is unbiased.")
    mean_relative_error: float = Field(description="Mean of |predicted - actual|/actual.")
    within_quarter: float = Field(description="Share of |predicted - actual| ≤ actual/4.")
    bias_seconds: float = Field(description="Mean of predicted - actual; below 0: too hopeful.")


def judge(told: Sequence[Told]) -> Calibration | None:
    """How good these estimates were; None where there is none above 0 s."""
    counted = [each for each in told if min(each) > 0]
    if not counted:
        return None
    errors = [abs(each.predicted - each.actual) / each.actual for each in counted]
    return Calibration(
        count=len(counted),
        median_ratio=median(each.actual / each.predicted for each in counted),
        mean_relative_error=fmean(errors),
        within_quarter=fmean(error <= CLOSE for error in errors),
        bias_seconds=fmean(each.predicted - each.actual for each in counted),
    )


def latest(redis: Any, queue: Queue, count: int = LATEST) -> list[Told]:
    """Of the latest finished jobs of a queue those that had an estimate, newest first.

    A job counts however it fared: at another level than was in force, or in a second attempt.
    """
    entries = redis.xrevrange(keys.samples(queue), count=count)
    found = (samples.sample(entry_id, fields) for entry_id, fields in entries)
    return [Told(each.predicted, each.response) for each in found if each.predicted is not None]


def read(redis: Any, queue: Queue) -> Calibration | None:
    """How good the latest estimates of a queue were; None before any was put to the test."""
    return judge(latest(redis, queue))
