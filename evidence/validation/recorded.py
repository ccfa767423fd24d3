"""Files of records in a folder."""

from collections.abc import Iterable
from pathlib import Path

from loadgen import record


def recorded(folder: Path) -> Iterable[Path]:
    """In the order of their names; one that was being compressed as something stopped is there
    twice, and counts once."""
    found = sorted(path for path in folder.glob("*-*") if path.name.endswith(record.ENDINGS))
    return {record.run_name(path): path for path in found}.values()
