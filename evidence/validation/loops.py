"""The closed loops of a study, read: before its live runs, beside them and after them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from evidence.loops import closed_loop
from evidence.served import ClosedLoop, Where
from evidence.validation.probed import AFTER, BEFORE, began_at
from evidence.validation.recorded import recorded
from loadgen import record, reference

REFERENCE = f"live/{reference.FOLDER}"
"""Has a folder for each live run, of the loops just before it, and one for those after the last."""


def read(study: Path, skipped: dict[str, str]) -> tuple[ClosedLoop, ...]:
    """All of them; what is none is added to `skipped`."""
    beside = sorted(path for path in (study / REFERENCE).glob("*") if path.is_dir())
    return (
        *_before(study, skipped),
        *(each for folder in beside for each in _of(study, folder, Where.REFERENCE, skipped)),
        *_of(study, study / AFTER / "loops", Where.RECALIBRATION, skipped),
    )


def _before(study: Path, skipped: dict[str, str]) -> tuple[ClosedLoop, ...]:
    """Where there are closed loops, evenly spaced runs are more of one: what a picture takes that
    comes to an idle worker, while those of a loop follow each other at once."""
    closed = tuple(_of(study, study / BEFORE / "loops", Where.CALIBRATION, skipped))
    evenly = _of(study, study / BEFORE, Where.CALIBRATION, skipped)
    return (*evenly, *closed) if closed else ()


def _of(study: Path, folder: Path, where: Where, skipped: dict[str, str]) -> Iterator[ClosedLoop]:
    for path in recorded(folder):
        try:
            found = closed_loop(record.read(path), began_at(path, study, skipped))
        except (ValueError, OSError) as error:
            skipped[str(path.relative_to(study))] = str(error)
        else:
            yield replace(found, where=where)
