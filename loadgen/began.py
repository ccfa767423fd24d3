"""When a run began, by the clock of the day: its records have times from there alone."""

import json
import math
import time
from pathlib import Path
from typing import Any

from loadgen.record import BadRecord, run_name


def beside(records: Path) -> Path:
    """The file that says when the run of a file of records began."""
    return records.with_name(f"{run_name(records)}.began.json")


def save(records: Path) -> None:
    """Write, whole or not at all, that the run begins now, beside its records. Raises OSError."""
    path, now = beside(records), round(time.time(), 3)
    part = path.with_name(f"{path.name}.part")
    try:
        part.write_text(json.dumps({"unix": now}) + "\n")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def of_run(records: Path) -> float | None:
    """Unix seconds; None where nothing was written. Raises BadRecord, OSError."""
    path = beside(records)
    if not path.exists():
        return None
    try:
        return _finite(json.loads(path.read_text())["unix"])
    except (ValueError, TypeError, KeyError) as error:
        raise BadRecord(f"{path} does not say when its run began: {error!r}") from error


def _finite(told: Any) -> float:
    """Raises TypeError or ValueError."""
    value = float(told)
    if not math.isfinite(value):
        raise ValueError(value)
    return value
