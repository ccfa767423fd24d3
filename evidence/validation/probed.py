"""The speed of the machine, read beside the runs that it belongs to."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from evidence import speed
from evidence.validation.speed import Probes
from evidence.validation.study import Run, Study
from loadgen import began, record
from loadgen.record import Record

Spans = list[tuple[float, float]]


def probed(study: Study, folder: Path) -> Study:
    """With the probes of each run and of the calibration, as far as its folder has them."""
    live, calibration = (_probes(folder / name) for name in ("live", "calibration"))
    if live is None or calibration is None:
        return study
    spans = [span for run in study.calibration for span in _of_run(run)]
    spans += [span for path in _loops(folder) for span in _of_file(path)]
    return replace(
        study,
        reference=_during(calibration, spans),
        runs=tuple(_with_probes(run, live) for run in study.runs),
    )


def _probes(folder: Path) -> Probes | None:
    rows = speed.read(folder / speed.FILE)
    return Probes(*np.array(sorted(rows)).T) if rows else None


def _with_probes(run: Run, live: Probes) -> Run:
    if run.began is None:
        return run
    return replace(run, probes=_during(live, _of_run(run)).since(run.began))


def _during(found: Probes, spans: Spans) -> Probes:
    begins, ends = np.array(spans or np.empty((0, 2))).T
    return found.during(begins, ends)


def _of_run(run: Run) -> Spans:
    return [] if run.began is None else _spans(run.records, run.began)


def _loops(folder: Path) -> Iterator[Path]:
    found = sorted((folder / "calibration" / "loops").glob("*-*"))
    return (path for path in found if path.name.endswith(record.ENDINGS))


def _of_file(path: Path) -> Spans:
    """Nothing of a file that cannot be read: that it is skipped is told where its loop is read."""
    try:
        start = began.of_run(path)
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
