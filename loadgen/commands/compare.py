"""`compare`: policies side by side on a live stack, under the very same requests.

Each policy gets one run of the same schedule, kept as OUT/POLICY-RATE-1.jsonl; complete runs of
an earlier call are not repeated. At the end the stack goes by its policy.toml again.
"""

import argparse
from pathlib import Path
from typing import Any

from rich.console import Console

from loadgen import campaign, level_changes, metrics, options
from loadgen.campaign import Cell
from loadgen.commands import playing
from loadgen.commands.run import percents
from loadgen.policies import policies
from loadgen.report import tables
from loadgen.report.runs import Run, Terms, quality_of, rows
from loadgen.series import Played, Series, play


def add(subparsers: Any) -> None:
    """Register the command."""
    about = "policies side by side, under the same requests"
    parser = playing.add(subparsers, "compare", about, __doc__)
    parser.add_argument("--percentiles", default="50,95,99")
    parser.add_argument("--profile", type=Path, help="profile.json, for the quality of levels")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Play it and tell. Raises BadLoad, BadRecord, ProfileError, Unreachable, NotSettled."""
    goal = options.goal(asked.goodput) if asked.goodput else None
    terms = Terms(percents(asked.percentiles), goal, quality_of(asked.profile))
    cells = campaign.cells(policies(asked.policies), [asked.request_rate], 1)
    series = Series(asked, cells)
    played = play(series)
    runs = [
        _run(series, cell, played) for cell in cells if (cell.policy, cell.rate) in played.found
    ]
    Console().print(tables.terminal(runs, rows(runs, terms)))
    return {
        "out": str(asked.out),
        "complete": played.complete,
        "policies": {run.name: metrics.summary(run.records, terms.percents, goal) for run in runs},
    }


def _run(series: Series, cell: Cell, played: Played) -> Run:
    (records,) = played.found[cell.policy, cell.rate]
    return Run(cell.policy.notation, records, level_changes.of_run(series.path(cell)))
