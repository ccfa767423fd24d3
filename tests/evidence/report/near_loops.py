"""Laws near single runs and the loops that they are of, as validation.json has them."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evidence.validation.accuracy import accuracy
from evidence.validation.variants import VARIANTS
from tests.evidence.report import studies
from tests.evidence.report.served_loops import LAW

BEGAN = 1.7e9
"""The unix second of the first loop"""
UNSAID = {
    name: {kind: accuracy([]).as_json() for kind in each.kinds} for name, each in VARIANTS.items()
}
"""As validation writes the accuracy of variants that a study has nothing for"""


def errors(median: float, worst: float, runs: int = 3) -> dict[str, Any]:
    """Of a variant, by simulation and by closed forms, which err by a tenth more."""
    found = {"runs": runs, "median": median, "worst": worst, "held": False}
    further = found | {"median": 1.1 * median, "worst": 1.1 * worst}
    return {"simulated": found, "closed_form": further}


def law(factor: float, loops: int = 24) -> dict[str, Any]:
    """Of a run for which all takes `factor` times what LAW says."""
    levels = {
        name: each | {"seconds": factor * each["seconds"]} for name, each in LAW["levels"].items()
    }
    return {"loops": loops, "levels": levels}


def loop(at: float | None, where: str, ratio: float | None, **other: Any) -> dict[str, Any]:
    """So many seconds after the first."""
    told = {"at": None if at is None else BEGAN + at, "where": where, "ratio": ratio}
    return told | {"level": "even", "steps": 50, "company": 0.0, "seconds": 1.0} | other


AROUND = (
    *(loop(60.0 * i, "calibration", 1.25) for i in range(4)),
    *(loop(300.0 + 60.0 * i, "reference", 1.0, level="few") for i in range(4)),
    *(loop(600.0 + 60.0 * i, "recalibration", 0.75) for i in range(4)),
)
"""Of a machine that got faster"""


def validated(
    folder: Path,
    laws: Sequence[dict[str, Any] | None] = (law(1.2), law(0.9), law(1.1), law(1.3)),
    loops: Sequence[dict[str, Any]] = AROUND,
    **variants: Any,
) -> None:
    """Four runs, each with its law; accuracy has these variants, too."""
    runs = [run | {"law": each} for run, each in zip(studies.RUNS, laws, strict=True)]
    studies.validated(folder, runs, law=LAW, loops=list(loops))
    path = folder / "validation" / "validation.json"
    told = json.loads(path.read_text())
    told["accuracy"] |= UNSAID | variants
    path.write_text(json.dumps(told))


def began(folder: Path, run: str, at: float) -> None:
    """That a live run began so many seconds after the first loop."""
    studies.write(folder, f"live/{run}.began.json", {"unix": BEGAN + at})
