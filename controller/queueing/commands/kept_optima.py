"""OUT/optimal.json: what `optimal` has found, of every rate that has a table in the folder."""

import json
from pathlib import Path
from typing import Any

from controller.queueing.commands.written import rounded
from controller.queueing.refusal import BadInput

FILE = "optimal.json"
Row = dict[str, Any]


def kept(out: Path) -> dict[str, Row]:
    """By rate, as its table is named; nothing without the file. Raises BadInput for another one."""
    path = out / FILE
    if not path.exists():
        return {}
    try:
        return {f"{row['rate']:g}": row for row in json.loads(path.read_text())["tables"]}
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise BadInput(
            f"{path} is not what this command writes ({error!r}): move it away, or choose another "
            "--out"
        ) from error


def keep(out: Path, row: Row) -> None:
    """Add what was found for a rate, in place of what was there for it; the file is written whole
    or not at all. Raises BadInput for a file that is another one."""
    rows = kept(out) | {f"{row['rate']:g}": rounded(row)}
    ordered = sorted(rows.values(), key=lambda each: float(each["rate"]))
    part = out / f"{FILE}.part"
    part.write_text(json.dumps({"tables": ordered}, indent=1) + "\n")
    part.replace(out / FILE)
