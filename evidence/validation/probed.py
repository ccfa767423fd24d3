"""The speed of the machine, read beside the runs that it belongs to."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from evidence import speed
from evidence.validation.intervals import Floats
from evidence.validation.recorded import recorded
from evidence.validation.relative_speed import Probes
from evidence.validation.study import Run, Study
from loadgen import began, record
from loadgen.record import Record

Timed = tuple[Floats, Floats]
"""When the same work was timed, in unix seconds, and the seconds that it took; in order."""
Spans = list[tuple[float, float]]
BEFORE, AFTER = "calibration", "recalibration"
"""The folders of what was measured on either side of the runs."""


def with_probes(study: Study, folder: Path, skipped: dict[str, str]) -> Study:
    """With the probes of each run and of the calibration on both sides of the runs, as far as its
    folder has them; what says nothing of when a loop began is added to `skipped`."""
    live, reference = _timed([folder / "live"]), _timed([folder / BEFORE, folder / AFTER])
    if live is None or reference is None:
        return study
    spans = [span for run in study.calibration for span in _of_run(run)]
    spans += [span for path in _loops(folder) for span in _of_file(path, folder, skipped)]
    return replace(
        study,
        reference=_during(reference, spans),
        runs=tuple(_probed(run, live) for run in study.runs),
    )


def began_at(path: Path, study: Path, skipped: dict[str, str]) -> float | None:
    """When the run of a file of records began, unix seconds; None where that is not known. A file
    that does not say it is added to `skipped`: the run itself is none the worse."""
    try:
        return began.of_run(path)
    except (ValueError, OSError) as error:
        skipped[str(began.beside(path).relative_to(study))] = str(error)
        return None


def _timed(folders: Sequence[Path]) -> Timed | None:
    rows = [row for folder in folders for row in speed.read(folder / speed.FILE)]
    if not rows:
        return None
    at, seconds = np.array(sorted(rows)).T
    return at, seconds


def _probed(run: Run, live: Timed) -> Run:
    if run.began is None:
        return run
    return replace(run, probes=_during(live, _of_run(run)).since(run.began))


def _during(timed: Timed, spans: Spans) -> Probes:
    begins, ends = np.array(spans or np.empty((0, 2))).T
    return Probes.during(*timed, begins, ends)


def _of_run(run: Run) -> Spans:
    return [] if run.began is None else _spans(run.records, run.began)


def _loops(study: Path) -> Iterator[Path]:
    return (path for side in (BEFORE, AFTER) for path in recorded(study / side / "loops"))


def _of_file(path: Path, study: Path, skipped: dict[str, str]) -> Spans:
    """Nothing of a file that cannot be read: that it is skipped is told where its loop is read."""
    start = began_at(path, study, skipped)
    try:
        return [] if start is None else _spans(record.read(path), start)
    except (ValueError, OSError):
        return []


def _spans(records: Sequence[Record], start: float) -> Spans:
    """When each picture was under way, in unix seconds."""
    return [
        (start + each.started, start + each.finished)
        for each in records
        if each.started is not None and each.finished is not None
    ]
