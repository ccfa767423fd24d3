"""`report`: tables, plots and a page from the records of one or more runs."""

import argparse
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from loadgen import options
from loadgen.commands.run import percents
from loadgen.report import page, tables
from loadgen.report.runs import Run, Terms, load, quality_of, rows


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser("report", help="tables, plots and a page", description=__doc__)
    parser.add_argument(
        "records",
        type=Path,
        nargs="+",
        help="files of --save-result, a run each: .jsonl, .jsonl.gz or .parquet",
    )
    parser.add_argument("--out", type=Path, default=Path("load-report"), help="folder to write to")
    parser.add_argument("--goodput", metavar="e2el:MS", help="count what is done within it")
    parser.add_argument("--percentiles", default="50,95,99")
    parser.add_argument("--profile", type=Path, help="profile.json, for the quality of levels")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Write it all. Raises BadLoad, BadRecord, ProfileError or OSError."""
    runs = load(asked.records)
    found = rows(runs, _terms(asked))
    asked.out.mkdir(parents=True, exist_ok=True)
    (asked.out / "table.md").write_text(tables.markdown(runs, found))
    (asked.out / "table.tex").write_text(tables.latex(runs, found))
    plots, skipped = _plots(runs, asked.out)
    sources = [path.name for path in asked.records]
    html = page.page(tables.html(runs, found), plots, sources)
    (asked.out / "index.html").write_text(html)
    Console().print(tables.terminal(runs, found))
    if skipped:
        print(skipped, file=sys.stderr)
    wrote = sorted(path.name for path in asked.out.iterdir())
    return {"out": str(asked.out), "wrote": wrote, "plots": not skipped}


def _terms(asked: argparse.Namespace) -> Terms:
    goal = options.goal(asked.goodput) if asked.goodput else None
    return Terms(percents(asked.percentiles), goal, quality_of(asked.profile))


def _plots(runs: list[Run], out: Path) -> tuple[list[tuple[Path, str]], str | None]:
    """The SVG files and their captions, or why there are none."""
    # Only this command draws; the others start without loading what draws.
    try:
        from loadgen.report import plots  # noqa: PLC0415
    except ImportError as error:
        return [], f"no plots: they need matplotlib ({error}); pip install matplotlib"

    drawn = [("responses", plots.response_distribution(runs), "Response times of each run.")]
    drawn += [
        (
            f"over-time-{run.name}",
            plots.over_time(run),
            f"{run.name}: outstanding, level, and each answer.",
        )
        for run in runs
    ]
    if len(runs) > 1:
        caption = "Response time against the arrival rate, a point a run."
        drawn.append(("rates", plots.response_against_rate(runs), caption))
    return [(out / plots.save(figure, out, name), told) for name, figure, told in drawn], None
