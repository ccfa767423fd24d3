"""What became of the requests besides answers, and how punctual the generator was. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evidence.validation.figures import AsJson
from loadgen.record import FAILED_TO_SEND, REJECTED, SUCCEEDED, TIMEOUT, Record


@dataclass(frozen=True)
class Outcomes(AsJson):
    """Counts of requests, and seconds by which they were sent later than due."""

    refused: int
    timed_out: int
    unsent: int
    failed: int
    retried: int
    lag_p99: float


def outcomes(ordered: Sequence[Record]) -> Outcomes:
    """Of all requests of a run, those of the warm-up included."""
    statuses = [each.status for each in ordered]
    told = (REJECTED, TIMEOUT, FAILED_TO_SEND)
    lags = [each.lag for each in ordered if each.lag is not None]
    return Outcomes(
        *(statuses.count(name) for name in told),
        failed=sum(status not in (*told, SUCCEEDED) for status in statuses),
        retried=sum(each.attempts > 1 for each in ordered),
        lag_p99=float(np.percentile(lags, 99)) if lags else 0.0,
    )
