"""What was measured: the records of a run as jobs, and their figures."""

import math

import numpy as np

from evidence.validation.figures import Estimates, Jobs, estimates, residency
from evidence.validation.intervals import Floats
from evidence.validation.study import Run, Study
from loadgen.record import SUCCEEDED, TIMEOUT, Record


def jobs(run: Run, names: tuple[str, ...]) -> Jobs:
    """The pictures of a run, in the order they were due.

    Raises ValueError for a level that is not of the ladder.
    """
    ordered = run.ordered
    done = [each.status == SUCCEEDED and each.finished is not None for each in ordered]
    return Jobs(
        due=np.array([each.due for each in ordered]),
        finished=np.array(
            [each.finished if ok else math.nan for each, ok in zip(ordered, done, strict=True)]
        ),
        outstanding_until=np.array([_until(each) for each in ordered]),
        level=np.array(
            [
                names.index(last_level(each)) if ok else -1
                for each, ok in zip(ordered, done, strict=True)
            ]
        ),
        counted=np.array([not each.warmup for each in ordered]),
        started=np.array([math.nan if each.started is None else each.started for each in ordered]),
        whole=np.array(
            [ok and len(set(each.levels)) <= 1 for each, ok in zip(ordered, done, strict=True)]
        ),
    )


def last_level(request: Record) -> str:
    """The one that the picture ended at."""
    return request.levels[-1] if request.levels else request.level or "none"


def _until(request: Record) -> float:
    """As loadgen.occupancy has it: one that was given up is outstanding for ever, and one that was
    refused, or failed without an end, never was."""
    if request.finished is not None:
        return request.finished
    return math.inf if request.status == TIMEOUT else request.due


def first_level(run: Run, names: tuple[str, ...]) -> int:
    """The level in force as the run began: that of its first picture, as work on it started."""
    for request in run.ordered:
        begun = request.levels[0] if request.levels else request.level
        if begun in names:
            return names.index(begun)
    return 0


def level_changes(run: Run, names: tuple[str, ...]) -> list[tuple[float, int]]:
    """(Seconds, level) in order; empty where they were not recorded."""
    known = [each for each in run.changes or () if each.queue == "images" and each.level in names]
    return [(each.time, names.index(each.level)) for each in known]


def stays(run: Run, found: Jobs, names: tuple[str, ...]) -> Floats | None:
    """The share of time that each level was in force; None where its changes were not recorded."""
    changes = level_changes(run, names)
    return residency(changes, *found.window, len(names)) if changes else None


def measure(study: Study, run: Run) -> Estimates:
    """The figures of a run, with intervals."""
    found = jobs(run, study.names)
    stay = stays(run, found, study.names)
    return estimates(found, study.qualities, len(study.names), stay)
