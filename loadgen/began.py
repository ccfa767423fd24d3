"""When a run began, by the clock of the day: its records have times from there alone."""

import json
import time
from pathlib import Path

from loadgen.record import BadRecord, run_name


def beside(records: Path) -> Path:
    """The file that says when the run of a file of records began."""
    return records.with_name(f"{run_name(records)}.began.json")


def save(records: Path) -> None:
    """Write that the run begins now, beside its records. Raises OSError."""
    beside(records).write_text(json.dumps({"unix": round(time.time(), 3)}) + "\n")


def of_run(records: Path) -> float | None:
    """Unix seconds; None where nothing was written. Raises BadRecord, OSError."""
    path = beside(records)
    if not path.exists():
        return None
    try:
        return float(json.loads(path.read_text())["unix"])
    except (ValueError, TypeError, KeyError) as error:
        raise BadRecord(f"{path} does not say when its run began: {error!r}") from error
