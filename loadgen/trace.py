"""A schedule from a file of times."""

import csv
import json
import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from loadgen import workload
from loadgen.intensity import BadLoad
from loadgen.workload import Arrival, Workload


def schedule(path: Path, asked: Workload, seed: int) -> list[Arrival]:
    """Requests at the times of a file: `time` in seconds; other columns are options of the job,
    what is missing is drawn as for any request. Raises BadLoad for a time that goes back."""
    try:
        rows = _rows(path)
        due = [float(row.pop("time")) for row in rows]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise BadLoad(f"{path} is no trace: each row needs a time in seconds ({why})") from error
    _check_order(path, due)
    drawn = workload.schedule(due, asked, seed)
    return [
        Arrival(each.number, each.due, each.request | row)
        for each, row in zip(drawn, rows, strict=True)
    ]


def _check_order(path: Path, due: Sequence[float]) -> None:
    if not due:
        raise BadLoad(f"{path} holds no request")
    for number, at in enumerate(due, start=1):
        if not math.isfinite(at):
            raise BadLoad(f"{path}: row {number} is due at {at:g} s, which is no time")
    if due[0] < 0:
        raise BadLoad(f"{path}: row 1 is due at {due[0]:g} s, before the start")
    for number, (before, after) in enumerate(pairwise(due), start=2):
        if after < before:
            raise BadLoad(f"{path}: row {number} is due at {after:g} s, before {before:g} s")


def _rows(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text().splitlines()
    if path.suffix == ".csv":
        found = csv.DictReader(lines)
        return [dict(workload.option(f"{k}={v}") for k, v in row.items() if v) for row in found]
    return [json.loads(line) for line in lines if line.strip()]
