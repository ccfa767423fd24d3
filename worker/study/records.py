"""What a study leaves in its folder: the table, and the records it was computed from."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from worker.study.estimates import Estimate
from worker.study.processor import processor
from worker.study.tables import Table

LIBRARIES = ("torch", "diffusers", "transformers", "torchmetrics")

Record = Mapping[str, Any]


def write(folder: Path, table: Table, result: Record, rows: Sequence[Record]) -> None:
    """NAME.tex, NAME.md, NAME.json and NAME.csv (a line for each of `rows`) in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "tex": table.latex(),
        "md": table.markdown() + "\n",
        "json": json.dumps(result, indent=1, ensure_ascii=False, allow_nan=False) + "\n",
    }
    for kind, text in texts.items():
        (folder / f"{table.name}.{kind}").write_text(text, encoding="utf-8")
    with (folder / f"{table.name}.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def estimate(figure: Estimate) -> dict[str, float | None]:
    """A figure for JSON, which has no NaN."""
    return {name: None if math.isnan(each) else each for name, each in asdict(figure).items()}


def conditions() -> dict[str, Any]:
    """Under what the figures were taken, as far as a program can tell."""
    return {
        "processor": processor(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "threads": torch.get_num_threads(),
        "libraries": {name: version(name) for name in LIBRARIES},
    }
