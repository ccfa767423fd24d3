"""The files of a study, compressed or not."""

import gzip
import json
from pathlib import Path
from typing import Any


class BadStudy(ValueError):
    """A record of the study cannot be read; says which and why."""


def find(path: Path) -> Path | None:
    """The file itself, the same with .gz, or nothing."""
    return next(
        (each for each in (path, path.with_name(f"{path.name}.gz")) if each.is_file()), None
    )


def text(path: Path) -> str:
    """What a file says, decompressed if its name ends in .gz. Raises BadStudy."""
    try:
        data = path.read_bytes()
        return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise BadStudy(f"cannot read {path}: {error}") from error


def load(path: Path) -> Any:
    """The JSON of a file or of its .gz; None where neither is there. Raises BadStudy."""
    found = find(path)
    if found is None:
        return None
    try:
        return json.loads(text(found))
    except json.JSONDecodeError as error:
        raise BadStudy(f"{found} is not JSON: {error}") from error
