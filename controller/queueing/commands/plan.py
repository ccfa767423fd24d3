"""`plan`: levels, thresholds and workers for a load and a target, from a measured profile."""

import argparse
import shlex
import sys
from itertools import zip_longest
from pathlib import Path
from typing import Any, get_args

import numpy as np
from rich.console import Console
from rich.progress import track

from controller.queueing.planning.plan import Plan, plan
from controller.queueing.planning.policy_file import Source, write
from controller.queueing.planning.request import Kind, Request
from controller.queueing.planning.target import named, parse, written
from controller.queueing.planning.trial import Conduct
from controller.queueing.refusal import BadInput, Refusal
from services.contract import policy, profile
from services.contract.jobs import QUEUES
from services.contract.policy import Policy
from services.contract.profile import Profile
from services.contract.rules import PolicyRules


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints its findings and returns them for JSON."""
    parser = subparsers.add_parser(
        "plan",
        help="levels, thresholds and workers that serve a load best within a target",
        description="Chooses levels of the profile, the depths at which each is left and regained, "
        "and the least workers, for the best effective quality within the target.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_question(parser.add_argument_group("the question"))
    _add_policy(parser.add_argument_group("the policy"))
    parser.set_defaults(run=run)


def _add_question(group: Any) -> None:
    group.add_argument("--profile", type=Path, required=True, help="profile.json")
    group.add_argument("--queue", choices=QUEUES, default="images", help="which queue is planned")
    group.add_argument("--rate", required=True, help="jobs a second: 2, or 0.2:4:0.2 for a sweep")
    group.add_argument("--slo", required=True, help="p95=10s, p99=500ms, mean=2s")
    group.add_argument("--workers", default="1", help="2, or 1:4 for the least that suffice")
    group.add_argument("--levels", type=int, default=3, help="levels at most")
    group.add_argument("--jobs", type=int, default=20_000, help="jobs of a simulated replication")


def _add_policy(group: Any) -> None:
    group.add_argument("--kind", choices=get_args(Kind), default="threshold", help="kind of rules")
    group.add_argument("--capacity", type=int, help="depth at which jobs are refused")
    group.add_argument("--dwell", type=float, help="seconds between two changes of level")
    group.add_argument("--base", type=Path, help="policy.toml whose other rules are kept")
    group.add_argument("--out", type=Path, help="policy.toml to write")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises Refusal for what cannot be planned; in a sweep, each rate says so for itself."""
    rates = _rates(options.rate)
    measured = profile.load(options.profile)
    base = policy.load(options.base) if options.base else None
    if len(rates) > 1:
        return _sweep(options, [_request(options, measured, base, rate) for rate in rates])
    found = plan(_request(options, measured, base, rates[0]))
    print("\n".join(_told(found)))
    if options.out:
        write(found, Source(_command(), options.profile, base), options.out)
        print(f"wrote {options.out}")
    return found.as_json()


def _sweep(options: argparse.Namespace, requests: list[Request]) -> dict[str, Any]:
    if options.out:
        raise BadInput("--out takes the plan of one rate: give --rate a number")
    console = Console(stderr=True)
    rows = [
        _answer(each)
        for each in track(requests, "planning", console=console, disable=not console.is_terminal)
    ]
    print("\n".join(map(_line, rows)))
    return {"sweep": rows}


def _answer(request: Request) -> dict[str, Any]:
    try:
        return plan(request).as_json()
    except Refusal as error:
        return {"rate": request.rate, "refused": str(error)}


def _request(
    options: argparse.Namespace, measured: Profile, base: Policy | None, rate: float
) -> Request:
    rules = base.rules_of(options.queue) if base else PolicyRules()
    dwell = rules.dwell_seconds if options.dwell is None else options.dwell
    retime = all(rung.level.image.retime for rung in measured.rungs)
    return Request(
        profile=measured,
        queue=options.queue,
        rate=rate,
        slo=parse(options.slo),
        workers=_workers(options.workers),
        levels=options.levels,
        kind=options.kind,
        capacity=options.capacity or rules.capacity,
        conduct=Conduct(dwell=dwell, retime=options.queue == "images" and retime),
        jobs=options.jobs,
    )


def _rates(text: str) -> list[float]:
    """One rate, or those from the first to the last, both included."""
    try:
        numbers = [float(part) for part in text.split(":")]
    except ValueError as error:
        raise BadInput(f"--rate {text} is no rate: write 2, or 0.2:4:0.2 for a sweep") from error
    if len(numbers) == 1:
        return numbers
    if len(numbers) != 3 or numbers[2] <= 0 or numbers[1] < numbers[0]:
        raise BadInput(f"--rate {text} is no sweep: write first:last:step, as in 0.2:4:0.2")
    first, last, step = numbers
    return [round(rate, 9) for rate in np.arange(first, last + step / 2, step).tolist()]


def _workers(text: str) -> tuple[int, int]:
    try:
        least, most = [int(part) for part in (text.split(":") * 2)[:2]]
    except ValueError as error:
        raise BadInput(f"--workers {text} is no number of workers: write 2, or 1:4") from error
    return least, most


def _told(found: Plan) -> list[str]:
    outcome, request = found.outcome, found.request
    asked = named(request.slo)
    lines = [f"{written(request.slo)} asked; workers: {found.workers}; levels, best first:"]
    lines += _ladder(found)
    lines += [
        f"effective quality  {_interval(outcome.quality)}",
        f"{asked:<18} {_interval(outcome.target)} s",
        f"changes of level   {60 * outcome.switches.mean:.3g} a minute",
        f"the optimum        {found.gap_to_optimal:.3g} better at the same mean response",
    ]
    lines += [f"left out           {each.name}: {each.reason}" for each in found.frontier.left_out]
    return lines + [f"note               {remark}" for remark in found.frontier.remarks]


def _ladder(found: Plan) -> list[str]:
    leave = [f"left at {depth} jobs" for depth in found.thresholds.thresholds]
    back = [f"regained at {depth}" for depth in found.thresholds.climb]
    ladder, shares = found.ladder, found.outcome.shares
    rows = zip_longest(ladder, leave, back, shares, fillvalue="")
    return [
        f"  {each.name:<16} {each.pace.seconds:8.3g} s  {each.quality.value:8.5g}  "
        f"{share:6.1%} of jobs  {', '.join(filter(None, (down, up)))}"
        for each, down, up, share in rows
    ]


def _interval(value: Any) -> str:
    return f"{value.mean:.5g} ({value.low:.5g} to {value.high:.5g})"


def _line(row: dict[str, Any]) -> str:
    if "refused" in row:
        return f"{row['rate']:8.3g}  {row['refused']}"
    levels = ", ".join(row["levels"])
    return (
        f"{row['rate']:8.3g}  quality {row['effective_quality']:.4g}  "
        f"p95 {row['p95_response']:.3g} s  workers {row['workers']}  {levels}  at "
        f"{row['thresholds']}"
    )


def _command() -> str:
    return shlex.join(["python", "-m", "controller.queueing", *sys.argv[1:]])
