"""What the solver of the optimum said of it at each rate, as it is kept beside its tables."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.plan import OPTIMAL

FILE = "optimal.json"


@dataclass(frozen=True)
class Solved:
    """Whether the optimum met its target in simulation, and what else is to be known of it."""

    met: bool | None
    note: str | None


NOT_KNOWN = Solved(None, None)


def read(study: Path, skipped: dict[str, str]) -> Mapping[str, Solved]:
    """By rate, as `:g` writes it; nothing without the file. A broken one is added to `skipped`."""
    path = study / OPTIMAL / FILE
    if not path.exists():
        return {}
    try:
        return dict(_solved(each) for each in json.loads(path.read_text())["tables"])
    except (ValueError, TypeError, KeyError, OSError) as error:
        skipped[f"{OPTIMAL}/{FILE}"] = f"it does not say how the optimum was found: {error!r}"
        return {}


def _solved(told: dict[str, Any]) -> tuple[str, Solved]:
    met, note = bool(told["met"]), str(told["note"])
    return f"{float(told['rate']):g}", Solved(met, note)
