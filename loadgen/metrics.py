"""Figures from records alone. Pure.

Every request counts: one that was refused, failed or not finished in time is a miss of any goal.
Requests of the warm-up count in nothing.
"""

import math
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from loadgen.record import REJECTED, SUCCEEDED, TIMEOUT, Record

RESAMPLES = 500


@dataclass(frozen=True)
class Estimate:
    """A figure with a 95 % interval, by the bootstrap (Efron 1979): percentiles of resamples.

    Requests close in time wait in the same queue and are not independent, so the interval of a
    single run is too narrow under load; runs repeated with other seeds give an honest one.
    """

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Goal:
    """What a request is to stay within: `seconds` from its due time to its end."""

    seconds: float

    def met(self, record: Record) -> bool:
        """Whether a request was answered, and in time."""
        response = record.response
        return record.status == SUCCEEDED and response is not None and response <= self.seconds


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Of sorted values, interpolated linearly (Hyndman and Fan 1996, type 7)."""
    at = (len(ordered) - 1) * percent / 100
    below = math.floor(at)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (at - below)


def estimate(values: Sequence[float], figure: Callable[[list[float]], float]) -> Estimate:
    """A figure of sorted values and its interval, the same in every run."""
    chance, ordered = random.Random(0), sorted(values)
    size = len(ordered)
    redrawn = sorted(figure(sorted(chance.choices(ordered, k=size))) for _ in range(RESAMPLES))
    return Estimate(figure(ordered), percentile(redrawn, 2.5), percentile(redrawn, 97.5))


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean."""
    return math.fsum(values) / len(values)


def measured(records: Sequence[Record]) -> list[Record]:
    """Those that count."""
    return [record for record in records if not record.warmup]


def spread(values: Sequence[float], percents: Sequence[float]) -> dict[str, float]:
    """`mean`, `p50`, …; empty where there is nothing to tell of."""
    if not values:
        return {}
    ordered = sorted(values)
    return {"mean": mean(ordered)} | {f"p{p:g}": percentile(ordered, p) for p in percents}


def responses(records: Sequence[Record]) -> list[float]:
    """Seconds from due to done, of those that succeeded."""
    done = [record for record in records if record.status == SUCCEEDED]
    return [record.response for record in done if record.response is not None]


def waits(records: Sequence[Record]) -> list[float]:
    """Seconds from due to the start of work on it."""
    return [record.started - record.due for record in records if record.started is not None]


def services(records: Sequence[Record]) -> list[float]:
    """Seconds from the start of work to its end."""
    return [
        record.finished - record.started
        for record in records
        if record.started is not None and record.finished is not None
    ]


def shares(records: Sequence[Record]) -> dict[str, float]:
    """Which part of the succeeded jobs ended at each level."""
    levels = Counter(record.level for record in records if record.status == SUCCEEDED)
    return {level or "none": count / levels.total() for level, count in levels.most_common()}


def duration(records: Sequence[Record]) -> float:
    """Seconds from the first due time to the last end."""
    ends = [record.finished for record in records if record.finished is not None]
    return max(ends, default=0.0) - min((record.due for record in records), default=0.0)


def goodput(records: Sequence[Record], goal: Goal | None) -> float:
    """Requests a second that were answered, within the goal if there is one."""
    return _a_second(len(_good(records, goal)), records)


def quality_weighted_goodput(
    records: Sequence[Record], goal: Goal | None, quality: Mapping[str, float]
) -> float:
    """Quality delivered in time, a second: each answered request counts what its level is worth.

    Raises KeyError for a level whose quality is not given.
    """
    good = _good(records, goal)
    return _a_second(math.fsum(quality[record.level or "none"] for record in good), records)


def summary(
    records: Sequence[Record], percents: Sequence[float] = (50, 95, 99), goal: Goal | None = None
) -> dict[str, object]:
    """What `run --json` prints: counts, seconds, and what the generator itself added."""
    counted = measured(records)
    status = Counter(record.status for record in counted)
    lags = sorted(record.lag for record in counted if record.lag is not None)
    met = None if goal is None else mean([float(goal.met(r)) for r in counted]) if counted else None
    return {
        "sent": sum(record.sent is not None for record in counted),
        "accepted": sum(record.accepted is not None for record in counted),
        "succeeded": status[SUCCEEDED],
        "failed": status["failed"] + status["cancelled"] + status["unsent"],
        "rejected": status[REJECTED],
        "timeout": status[TIMEOUT],
        "duration_seconds": duration(counted),
        "e2e": spread(responses(counted), percents),
        "wait": spread(waits(counted), percents),
        "service": spread(services(counted), percents),
        "first_page": spread(_firsts(counted, "first_page"), percents),
        "first_picture": spread(_firsts(counted, "first_picture"), percents),
        "goodput": goodput(counted, goal),
        "goal_met": met,
        "level_shares": shares(counted),
        "lag_p99": percentile(lags, 99) if lags else None,
    }


def _firsts(records: Sequence[Record], name: str) -> list[float]:
    moments = ((getattr(record, name), record.due) for record in records)
    return [moment - due for moment, due in moments if moment is not None]


def _good(records: Sequence[Record], goal: Goal | None) -> list[Record]:
    answered = [record for record in records if record.status == SUCCEEDED]
    return [record for record in answered if goal is None or goal.met(record)]


def _a_second(amount: float, records: Sequence[Record]) -> float:
    seconds = duration(records)
    return amount / seconds if seconds else 0.0
