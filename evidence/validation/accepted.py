"""When the live stack accepted its requests, read beside the runs, and what that tells of them."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from evidence.validation import earlier
from evidence.validation.intervals import Floats
from evidence.validation.study import Run
from loadgen import began, record, reference


def with_earlier(runs: Iterable[Run], live: Path) -> tuple[Run, ...]:
    """With what the controller had seen when each began. Where a file of the folder cannot be read
    or does not say when it began, nobody knows what came before the others: they stay as they
    are."""
    times = _accepted(live)
    return tuple(runs) if times is None else tuple(_with(run, times) for run in runs)


def _with(run: Run, times: Floats) -> Run:
    return run if run.began is None else replace(run, watched=earlier.watched(times, run.began))


def _accepted(live: Path) -> Floats | None:
    """Of all runs and loops, those that are skipped included: unix seconds in order, (n,)."""
    try:
        return np.sort([at for path in _recorded(live) for at in _of_file(path)])
    except (ValueError, OSError):
        return None


def _of_file(path: Path) -> Iterator[float]:
    """Raises ValueError where it does not say when it began, BadRecord, OSError."""
    start = began.of_run(path)
    if start is None:
        raise ValueError(f"{path} does not say when it began")
    pictures = (each for each in record.read(path) if each.kind == "image")
    return (start + each.accepted for each in pictures if each.accepted is not None)


def _recorded(live: Path) -> Iterable[Path]:
    """One file of each run and loop, in whichever form."""
    found = (*live.glob("*-*"), *live.glob(f"{reference.FOLDER}/*/*-*"))
    files = sorted(path for path in found if path.name.endswith(record.ENDINGS))
    return {path.with_name(record.run_name(path)): path for path in files}.values()
