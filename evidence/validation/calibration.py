"""What a picture costs besides the engine: gateway, Redis, Celery, encoding, files.

A picture that met no other took the engine's seconds, which the profile knows, and the rest. The
rest is taken to be a delay of its own that keeps no other picture waiting, because it passes in
other threads and processes. Runs of the calibration are never validated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evidence.validation.figures import Jobs, plain
from evidence.validation.intervals import Floats, mean_of
from evidence.validation.measured import jobs
from evidence.validation.study import Run, Study
from loadgen.metrics import Estimate

LEAST_ALONE = 5
"""Pictures that met no other, below which a level is not calibrated."""


@dataclass(frozen=True)
class Overhead:
    """Of a level: seconds of a picture alone on the live stack less those of the profile.

    `before` is the part until work on it started, by the server's clock. The interval is that of
    the live mean and of the profile together, as independent errors.
    """

    level: str
    seconds: Estimate
    before: Estimate
    alone: int

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        return {
            "level": self.level,
            "overhead_seconds": plain(self.seconds),
            "before_seconds": plain(self.before),
            "alone": self.alone,
        }


def calibrate(study: Study) -> tuple[Overhead, ...]:
    """Of each level for which enough pictures met no other, best first."""
    found = (_overhead(study, name, study.calibration) for name in study.names)
    return tuple(each for each in found if each is not None)


def by_level(found: Sequence[Overhead], names: Sequence[str]) -> Floats:
    """Seconds, shape (levels,); 0 for a level that was not calibrated, never negative."""
    known = {each.level: max(0.0, each.seconds.value) for each in found}
    return np.array([known.get(name, 0.0) for name in names])


def before_by_level(found: Sequence[Overhead], names: Sequence[str]) -> Floats:
    """The part before the start of work, likewise."""
    known = {each.level: max(0.0, each.before.value) for each in found}
    return np.array([known.get(name, 0.0) for name in names])


def alone(found: Jobs) -> NDArray[np.bool_]:
    """Which of the answered pictures met no other between their due time and their end.

    Shape (jobs,). Every request counts as company, those of the warm-up too.
    """
    ends = found.outstanding_until
    latest_before = np.concatenate([[-np.inf], np.maximum.accumulate(ends)[:-1]])
    next_due = np.append(found.due[1:], np.inf)
    return found.answered & (latest_before <= found.due) & (next_due >= ends)


def _overhead(study: Study, level: str, runs: Sequence[Run]) -> Overhead | None:
    rows = [row for run in runs for row in _alone_at(run, study.names, level)]
    if len(rows) < LEAST_ALONE:
        return None
    responses, waits = np.array(rows).T
    cost = study.profile.cost(level, "images").seconds
    mean = mean_of(responses)
    value = mean.value - cost.value
    low = value - float(np.hypot(mean.value - mean.low, cost.high - cost.value))
    high = value + float(np.hypot(mean.high - mean.value, cost.value - cost.low))
    return Overhead(level, Estimate(value, low, high), mean_of(waits), len(rows))


def _alone_at(run: Run, names: tuple[str, ...], level: str) -> Iterator[tuple[float, float]]:
    """Response, and seconds until work started, of pictures that had no level but this one."""
    found = jobs(run, names)
    for request, was in zip(run.ordered, alone(found), strict=True):
        if (
            was
            and request.started is not None
            and set(request.levels or (request.level,)) == {level}
        ):
            yield request.finished - request.due, request.started - request.due


def uncalibrated(found: Sequence[Overhead], names: Sequence[str]) -> list[str]:
    """The levels whose overhead is not known."""
    known: Mapping[str, Overhead] = {each.level: each for each in found}
    return [name for name in names if name not in known]
