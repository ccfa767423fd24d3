"""`sweep`: rates × policies × repeats on a live stack, and where each policy gives way.

Every run is one open loop, kept as OUT/POLICY-RATE-REPEAT.jsonl. Before each, what is outstanding
is got done and the policy put in force through the gateway; at the end the stack goes by its
policy.toml again, whatever happened. Called again it goes on: complete runs are not repeated. With
--reference closed loops are played between the runs, kept as
OUT/reference/before-RUN/LEVEL-OUTSTANDING.jsonl.
"""

import argparse
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

from loadgen import campaign, metrics, options
from loadgen.campaign import Aim
from loadgen.commands import playing
from loadgen.intensity import BadLoad
from loadgen.policies import Policy, policies
from loadgen.record import Record
from loadgen.series import Series, play


def add(subparsers: Any) -> None:
    """Register the command."""
    about = "rates × policies × repeats; where each policy gives way"
    parser = playing.add(subparsers, "sweep", about, __doc__)
    parser.add_argument("--rates", required=True, help="FIRST:LAST:STEP or 0.5,1,2: a second")
    parser.add_argument("--repeats", type=int, default=1, help="each with the next seed")
    parser.add_argument(
        "--goal-percent",
        type=float,
        default=95.0,
        help="a rate is sustained if so many of all requests are done within --goodput",
    )
    parser.add_argument(
        "--stop-when",
        metavar="e2el:MS",
        help="try no higher rate with a policy once more than half of its requests took longer",
    )
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Play it and tell. Raises BadLoad, BadRecord, Unreachable, NotSettled or OSError."""
    aim, stop = _aim(asked), options.goal(asked.stop_when) if asked.stop_when else None
    chosen = policies(asked.policies)
    cells = campaign.cells(chosen, campaign.rates(asked.rates), asked.repeats)
    played = play(Series(asked, cells, stop))
    rows = [_row(policy, rate, runs, aim) for (policy, rate), runs in played.found.items()]
    knees = {p.notation: campaign.knee(played.found, p, aim) for p in chosen} if aim else None
    _tell(rows, knees, aim)
    return {
        "out": str(asked.out),
        "complete": played.complete,
        "left_out": played.left_out,
        "goal": aim and {"seconds": aim.goal.seconds, "percent": aim.percent},
        "knees": knees,
        "rows": rows,
    }


def _aim(asked: argparse.Namespace) -> Aim | None:
    if not 0 < asked.goal_percent <= 100:
        raise BadLoad(f"--goal-percent {asked.goal_percent:g}: must be from 0 to 100")
    return Aim(options.goal(asked.goodput), asked.goal_percent) if asked.goodput else None


def _row(policy: Policy, rate: float, runs: list[list[Record]], aim: Aim | None) -> dict[str, Any]:
    """Medians over the repeats; None where no request was answered."""
    counted = [metrics.measured(run) for run in runs]
    spreads = [metrics.spread(metrics.responses(run), (50, 95)) for run in counted]
    known = [spread for spread in spreads if spread]
    pooled = [record for run in counted for record in run]
    return {
        "policy": policy.notation,
        "rate": rate,
        "repeats": len(runs),
        "requests": len(pooled),
        **{
            name: median(spread[name] for spread in known) if known else None
            for name in ("mean", "p50", "p95")
        },
        "in_time": median(campaign.in_time(run, aim.goal) for run in runs) if aim else None,
        "goodput": median(metrics.goodput(run, aim and aim.goal) for run in counted),
        "level_shares": metrics.shares(pooled),
    }


def _tell(
    rows: list[dict[str, Any]], knees: dict[str, float | None] | None, aim: Aim | None
) -> None:
    console = Console()
    columns = ("mean s", "p50 s", "p95 s", "in time", "good/s", "levels")
    table = Table("policy", "rate/s", "runs", *columns)
    for row in rows:
        figures = (_figure(row[name]) for name in ("mean", "p50", "p95"))
        share = "–" if row["in_time"] is None else f"{row['in_time']:.0%}"
        levels = ", ".join(f"{level} {part:.0%}" for level, part in row["level_shares"].items())
        start = row["policy"], f"{row['rate']:g}", str(row["repeats"])
        table.add_row(*start, *figures, share, _figure(row["goodput"]), levels)
    console.print(table)
    if aim is None or knees is None:
        console.print("with --goodput e2el:MS the highest rate that each policy sustains is found")
        return
    asked = f"{aim.percent:g} % within {aim.goal.seconds:g} s, in the median repeat"
    for policy, rate in knees.items():
        held = "none of these rates" if rate is None else f"{rate:g} a second"
        console.print(f"{policy} sustains {held} ({asked})")


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
