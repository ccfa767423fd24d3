"""When the live stack accepted its requests, read beside the runs, and what that tells of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from evidence.validation import earlier
from evidence.validation.intervals import Floats
from evidence.validation.recorded import recorded
from evidence.validation.study import Run
from loadgen import began, record, reference


class NotKnown(Exception):
    """When a run began."""


def with_earlier(runs: Iterable[Run], live: Path, skipped: dict[str, str]) -> tuple[Run, ...]:
    """With what the controller had seen when each began. Where a file of the folder does not say
    when it began, or cannot be read, nobody knows what came before the others: they stay as they
    are, and of one that cannot be read `skipped` says why."""
    try:
        times = np.sort([at for path in _recorded(live) for at in _of_file(path)])
    except NotKnown:
        return tuple(runs)
    except (ValueError, OSError) as error:
        skipped[f"{live.name}, what came before each run"] = str(error)
        return tuple(runs)
    return tuple(_with(run, times) for run in runs)


def _with(run: Run, times: Floats) -> Run:
    return run if run.began is None else replace(run, watched=earlier.watched(times, run.began))


def _of_file(path: Path) -> Iterator[float]:
    """Raises NotKnown, BadRecord or OSError."""
    start = began.of_run(path)
    if start is None:
        raise NotKnown
    pictures = (each for each in record.read(path) if each.kind == "image")
    return (start + each.accepted for each in pictures if each.accepted is not None)


def _recorded(live: Path) -> Iterator[Path]:
    """Of all runs and loops, those that are skipped included."""
    beside = (folder for folder in live.glob(f"{reference.FOLDER}/*") if folder.is_dir())
    return (path for folder in (live, *beside) for path in recorded(folder))
