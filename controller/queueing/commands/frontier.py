"""`frontier`: fixed levels, thresholds, the plan and the optimum against the arrival rate."""

import argparse
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import matplotlib as mpl

from controller.queueing.commands.written import require_writable, rounded, write_csv, write_json
from controller.queueing.frontier.curves import frontier_figure
from controller.queueing.frontier.lineup import Choice, lineup
from controller.queueing.frontier.residency import residency_figure
from controller.queueing.frontier.style import TEXT, save
from controller.queueing.frontier.sweep import Effort, Point, Served, sweep
from controller.queueing.frontier.timeline import timeline_figure
from controller.queueing.frontier.watching import Watched, watch
from controller.queueing.planning.conduct import Conduct, conduct
from controller.queueing.planning.ladder import candidates
from controller.queueing.planning.rates import rates
from controller.queueing.planning.request import Request
from controller.queueing.planning.target import parse, written
from controller.queueing.refusal import BadInput, require_count, require_positive
from services.contract import policy, profile
from services.contract.jobs import QUEUES
from services.contract.policy import Policy
from services.contract.rules import PolicyRules

STUDY_THRESHOLDS = "3,6"
"""The original study's 2 and 5, which count the jobs found; ours count the new one too."""


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints its findings and returns them for JSON."""
    parser = subparsers.add_parser(
        "frontier",
        help="policies compared: latency and effective quality against the arrival rate",
        description="Simulates fixed levels, hand-set thresholds, the plan and the optimum at "
        "every rate, past each one's stability limit, and plots what comes out.",
    )
    parser.add_argument("--profile", type=Path, required=True, help="profile.json")
    parser.add_argument("--queue", choices=QUEUES, default="images")
    parser.add_argument("--rate", required=True, help="arrivals a second: 0.2:4:0.2 or 1,2,3")
    parser.add_argument("--slo", default="p95=10s", help="p95=10s, mean=2s (p95=10s)")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--policy", type=Path, help="policy.toml of the queue-aware contender")
    parser.add_argument("--fixed", help="best, middle and fast level by name (ends and middle)")
    parser.add_argument(
        "--thresholds", default=STUDY_THRESHOLDS, help="without --policy (%(default)s)"
    )
    _add_effort(parser)
    parser.set_defaults(run=run)


def _add_effort(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--replications", type=int, default=8)
    parser.add_argument("--jobs", type=int, default=10_000, help="a replication (%(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=600.0, help="a replication without a steady state"
    )
    parser.add_argument("--watch", type=float, help="rate of the plot over time (the middle one)")
    parser.add_argument("--out", type=Path, help="folder for CSV, JSON, PNG and SVG files")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises BadInput for what cannot be compared, or the error of the file that is not one."""
    require_count(least=2, replications=options.replications)
    require_positive(seconds=options.seconds)
    asked, request, choice = rates(options.rate), _request(options), _choice(options)
    request = replace(request, conduct=_conduct(request, choice.policy))
    if options.out:
        require_writable(options.out)
    effort = Effort(options.replications, options.jobs, options.seconds)
    served = _told(sweep(lineup(choice, request), request, asked, effort))
    found: dict[str, Any] = {"slo": written(request.slo), "workers": options.workers}
    found["points"] = [each.point.as_json() for each in served]
    if options.out:
        write_json(options.out / "frontier.json", found)
        write_csv(options.out / "frontier.csv", [each.point.as_row() for each in served])
        _plot(served, request, options)
    return rounded(found)


def _conduct(request: Request, found: Policy | None) -> Conduct:
    """The dwell of the policy, or the usual one."""
    rules = found.rules_of(request.queue) if found else PolicyRules()
    return conduct(request.profile, request.queue, rules.dwell_seconds)


def _request(options: argparse.Namespace) -> Request:
    return Request(
        profile=profile.load(options.profile),
        queue=options.queue,
        rate=rates(options.rate)[0],
        slo=parse(options.slo),
        workers=(options.workers, options.workers),
        jobs=options.jobs,
    )


def _choice(options: argparse.Namespace) -> Choice:
    try:
        thresholds = tuple(int(depth) for depth in options.thresholds.split(","))
    except ValueError as error:
        raise BadInput(f"--thresholds {options.thresholds}: write depths, as in 3,6") from error
    fixed = tuple(options.fixed.split(",")) if options.fixed else ()
    return Choice(fixed, thresholds, policy.load(options.policy) if options.policy else None)


def _told(found: Iterable[Served]) -> list[Served]:
    """All of them, each printed as it comes."""
    print(f"{'rate':>6}  {'contender':13}{'mean s':>18}{'p95 s':>18}{'quality':>9}  levels")
    served = []
    for each in found:
        print(_line(each.point), flush=True)
        served.append(each)
    return served


def _line(point: Point) -> str:
    mean, tail = (
        f"{each.mean:9.2f} ±{each.half_width:6.2f} "
        for each in (point.mean_response, point.p95_response)
    )
    levels = ", ".join(f"{name} {share:.0%}" for name, share in point.residency.items())
    growing = "" if point.stable else "  NO STEADY STATE"
    note = f"  ({point.note})" if point.note else ""
    return (
        f"{point.rate:6.2f}  {point.contender:13}{mean} {tail} "
        f"{point.effective_quality.mean:8.3f}  {levels}{growing}{note}"
    )


def _plot(served: Sequence[Served], request: Request, options: argparse.Namespace) -> None:
    points = [each.point for each in served]
    found = sorted(candidates(request.profile, request.queue), key=lambda c: -c.pace.seconds)
    levels = [each.name for each in found]
    watched, rate = _watched(served, request, options)
    measure = request.profile.quality_measure
    note = f"hollow: no steady state; {options.seconds:g} s of arrivals from an empty system"
    with mpl.rc_context(TEXT):
        figures = {
            "frontier": frontier_figure(points, request.slo, measure, note),
            "residency": residency_figure(points, levels),
            "timeline": timeline_figure(watched, levels, rate),
        }
        files = [path for name, drawn in figures.items() for path in save(drawn, options.out, name)]
    print(f"wrote {', '.join(map(str, files))}")


def _watched(
    served: Sequence[Served], request: Request, options: argparse.Namespace
) -> tuple[list[Watched], float]:
    """At the rate of the sweep that is nearest to what is asked."""
    swept = sorted({each.point.rate for each in served})
    wanted = options.watch or swept[len(swept) // 2]
    rate = min(swept, key=lambda each: abs(each - wanted))
    at_rate = replace(request, rate=rate)
    chosen = [(each.point.contender, each.way) for each in served if each.point.rate == rate]
    return [watch(name, way, at_rate, options.seconds / 2) for name, way in chosen], rate
