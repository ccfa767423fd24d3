"""The folder of a series: all its runs have the same load, which a note in it says."""

import argparse
import json
from pathlib import Path
from typing import Any

from loadgen.intensity import BadLoad

SAME = ("kind", "mix", "prompts", "option", "burstiness", "arrivals", "seed")
SAME += ("num_prompts", "duration", "warmup", "patience")
"""Options of a load that all runs of one folder have in common."""
NOTE = "load.json"


def take(asked: argparse.Namespace) -> None:
    """Make the folder, or go on in one whose runs had the same load. Raises BadLoad or OSError."""
    load = {name: getattr(asked, name) for name in SAME}
    asked.out.mkdir(parents=True, exist_ok=True)
    note = asked.out / NOTE
    before = _load_of(note) if note.exists() else load
    other = [name for name in SAME if before.get(name) != load[name]]
    if other:
        told = ", ".join(f"{name} was {before.get(name)!r}" for name in other)
        raise BadLoad(f"{asked.out} holds runs of another load ({told}); choose another --out")
    note.write_text(json.dumps(load, indent=1) + "\n")


def _load_of(note: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(note.read_text()))
    except (ValueError, TypeError) as error:
        told = f"{note} does not say what load its folder holds ({error}); choose another --out"
        raise BadLoad(told) from error
