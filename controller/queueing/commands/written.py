"""Findings as files that other programs read."""

import csv
import json
import math
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from controller.queueing.refusal import BadInput


def require_writable(folder: Path) -> None:
    """Make the folder now, before the work. Raises BadInput where nothing can be written to it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"cannot write to the folder {folder}: {error}") from error


def write_csv(path: Path, rows: Sequence[dict[str, Any]]) -> Path:
    """Rows with the same names, floats to six digits; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _short(value) for name, value in row.items()} for row in rows)
    return path


def write_json(path: Path, findings: Any) -> Path:
    """Floats to six digits; the folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rounded(findings), indent=1) + "\n")
    return path


def rounded(findings: Any) -> Any:
    """The same with floats to six digits, and null for what is not a number."""
    if isinstance(findings, dict):
        return {name: rounded(value) for name, value in findings.items()}
    if isinstance(findings, list | tuple):
        return [rounded(value) for value in findings]
    if isinstance(findings, float):
        return _short(findings)
    return findings


def _short(value: Any) -> Any:
    if not isinstance(value, float):
        return value
    return None if math.isnan(value) else float(f"{value:.6g}")


def command_line() -> str:
    """As it was written, for the headers of files."""
    return shlex.join(["python", "-m", "controller.queueing", *sys.argv[1:]])
