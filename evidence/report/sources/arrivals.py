"""Which of the live schedules are draws of their own.

One seed at two rates gives the same gaps at another pace: tests of both say the same thing.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evidence.report.records import BadStudy
from evidence.report.sources import sweeps
from evidence.report.study import Study
from loadgen.record import BadRecord, read

COMPARED = 20
"""Gaps that two schedules have to share."""
LEAST = 3
NEAR = 1e-3
Schedule = tuple[float, int]
Floats = NDArray[np.float64]


def stretched(study: Study) -> frozenset[Schedule]:
    """Rates and repeats of OUT/live whose gaps, in mean gaps, are those of a higher rate, which has
    more of them. Raises BadStudy."""
    runs = {(run.rate, run.repeat): run.path for run in sweeps.runs(study.folder / "live")}
    drawn = {key: _gaps(key[0], path) for key, path in runs.items()}
    return frozenset(key for key in drawn if any(_same(key, drawn)))


def _gaps(rate: float, path: Path) -> Floats:
    try:
        due = sorted(each.due for each in read(path))
    except (BadRecord, OSError) as error:
        raise BadStudy(str(error)) from error
    return np.diff(due[: COMPARED + 1]) * rate


def _same(key: Schedule, drawn: dict[Schedule, Floats]) -> Iterator[bool]:
    """Of each schedule that comes after in the order of rates."""
    mine = drawn[key]
    for other, gaps in drawn.items():
        shared = min(len(mine), len(gaps))
        if other > key and shared >= LEAST:
            yield bool(np.allclose(mine[:shared], gaps[:shared], rtol=NEAR, atol=NEAR))
