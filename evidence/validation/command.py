"""`validate`: every live run of a study beside what simulation and formulas say of it.

Writes validation.json, its tables (Markdown, LaTeX) and plots (PNG, SVG). A run is predicted from
the study's profile and the closed loops near it in time, before it and after it; what the loops
before it alone say is told beside that, as a forecast. Of the run that they are compared with
predictions take when requests were due and the level that it started at, never how long anything
took; the formulas take neither. Where one is off, the records say which assumption is broken.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from evidence.validation import folder, plots, tables
from evidence.validation.result import Result, validate
from evidence.validation.simulated import REPLICATIONS
from evidence.validation.study import BadStudy
from services.contract.rules import Slo


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints its findings and returns them for JSON."""
    parser = subparsers.add_parser(
        "validate",
        help="predictions beside what was measured",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("folder", type=Path, nargs="?", help="the study's")
    option("--study", type=Path, help="the same")
    option("--out", type=Path, help="folder to write to (STUDY/validation)")
    option("--slo", type=float, metavar="SECONDS", help="that 95 %% stay within (the study's own)")
    option(
        "--replications", type=int, default=REPLICATIONS, help="of each simulation (%(default)s)"
    )
    option("--json", action="store_true", help="the last line is one JSON object")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises BadStudy, PolicyError, ProfileError, Refusal or OSError."""
    path, slo = _asked(options)
    console = Console(stderr=True)
    found = folder.load(path, slo)
    for name, why in found.skipped.items():
        console.print(f"{name} is skipped: {why}", markup=False)
    result = validate(
        found, lambda runs: track(runs, "validating", console=console), options.replications
    )
    wrote = write(result, options.out or path / "validation")
    print("\n\n".join(table.markdown() for table in tables.tables(result)))
    return {"wrote": wrote, **_brief(result)}


def _asked(options: argparse.Namespace) -> tuple[Path, Slo | None]:
    given = [each for each in (options.folder, options.study) if each is not None]
    if len(given) != 1:
        raise BadStudy("name one study: its folder, or --study FOLDER")
    if options.replications < 2:
        raise BadStudy(f"--replications {options.replications}: an interval needs two or more")
    if options.slo is not None and not options.slo > 0:
        raise BadStudy(f"--slo {options.slo:g}: must be more than 0 seconds")
    return given[0], None if options.slo is None else Slo(seconds=options.slo)


def _brief(result: Result) -> dict[str, Any]:
    """With the number of runs and loops in the place of these."""
    told = result.as_json()
    return told | {name: len(told[name]) for name in ("runs", "loops")}


def write(result: Result, out: Path) -> list[str]:
    """validation.json, tables and plots; the names of the files."""
    out.mkdir(parents=True, exist_ok=True)
    found = list(tables.tables(result))
    text = json.dumps(result.as_json(), indent=1, ensure_ascii=False, allow_nan=False)
    texts = {
        "validation.json": text + "\n",
        "validation.md": "\n\n".join(table.markdown() for table in found) + "\n",
        "validation.tex": "\n".join(table.latex() for table in found),
    }
    for name, each in texts.items():
        (out / name).write_text(each, encoding="utf-8")
    return sorted([*texts, *plots.draw(result, out)])
