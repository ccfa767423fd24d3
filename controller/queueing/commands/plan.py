"""`plan`: levels, thresholds and workers for a load and a target, from a measured profile."""

import argparse
from itertools import zip_longest
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.progress import track

from controller.model import Thresholds
from controller.queueing.commands.written import command_line
from controller.queueing.planning.conduct import conduct
from controller.queueing.planning.ladder import Candidate
from controller.queueing.planning.plan import Plan, plan
from controller.queueing.planning.policy_file import Source, of_plan, require_place, write
from controller.queueing.planning.rates import rates
from controller.queueing.planning.request import Kind, Request
from controller.queueing.planning.target import named, parse, written
from controller.queueing.planning.yardstick import ACCURACY
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
    group.add_argument(
        "--rate", required=True, help="jobs a second: 2; for a sweep 1,2,3 or 0.2:4:0.2"
    )
    group.add_argument("--slo", required=True, help="p95=10s, p99=500ms, mean=2s")
    group.add_argument("--workers", default="1", help="2, or 1:4 for the least that suffice")
    group.add_argument("--levels", type=int, default=3, help="levels at most")
    group.add_argument("--jobs", type=int, default=20_000, help="jobs of a simulated replication")


def _add_policy(group: Any) -> None:
    group.add_argument("--kind", choices=get_args(Kind), default="threshold", help="kind of rules")
    group.add_argument("--capacity", type=int, help="depth at which jobs are refused")
    group.add_argument("--most-lost", type=float, default=0.01, help="share of jobs refused")
    group.add_argument("--dwell", type=float, help="seconds between two changes of level")
    group.add_argument("--base", type=Path, help="policy.toml whose other rules are kept")
    group.add_argument("--out", type=Path, help="policy.toml to write")


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises Refusal for what cannot be planned; in a sweep, each rate says so for itself."""
    asked = rates(options.rate)
    if options.out:
        _require_one(asked)
        require_place(options.out)
    measured = profile.load(options.profile)
    base = policy.load(options.base) if options.base else None
    if len(asked) > 1:
        return _sweep([_request(options, measured, base, rate) for rate in asked])
    found = plan(_request(options, measured, base, asked[0]))
    print("\n".join(_told(found)))
    if options.out:
        write(of_plan(found), Source(command_line(), options.profile, base), options.out)
        print(f"wrote {options.out}")
    return found.as_json()


def _require_one(asked: list[float]) -> None:
    if len(asked) > 1:
        raise BadInput("--out takes the plan of one rate: give --rate a number")


def _sweep(requests: list[Request]) -> dict[str, Any]:
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
    return Request(
        profile=measured,
        queue=options.queue,
        rate=rate,
        slo=parse(options.slo),
        workers=_workers(options.workers),
        levels=options.levels,
        kind=options.kind,
        capacity=rules.capacity if options.capacity is None else options.capacity,
        conduct=conduct(measured, options.queue, dwell),
        jobs=options.jobs,
        most_lost=options.most_lost,
    )


def _workers(text: str) -> tuple[int, int]:
    least, *most = text.split(":")
    try:
        found = [int(part) for part in (least, *(most or [least]))]
    except ValueError as error:
        raise BadInput(f"--workers {text} is no number of workers: write 2, or 1:4") from error
    if len(found) != 2:
        raise BadInput(f"--workers {text} is no range of workers: write 2, or 1:4")
    return found[0], found[1]


def _told(found: Plan) -> list[str]:
    outcome, request = found.outcome, found.request
    asked = named(request.slo)
    lines = [f"{written(request.slo)} asked; workers: {found.workers}; levels, best first:"]
    lines += _ladder(found)
    lines += [
        f"effective quality  {_interval(outcome.quality)}",
        f"{asked:<18} {_interval(outcome.target)} s",
        *_losses(found),
        f"changes of level   {60 * outcome.switches.mean:.3g} a minute",
        f"the optimum        {_distance(found)} better at the same mean response",
    ]
    lines += [f"left out           {each.name}: {each.reason}" for each in found.frontier.left_out]
    return lines + [f"note               {remark}" for remark in found.frontier.remarks]


def _distance(found: Plan) -> str:
    """To as many digits as are known."""
    known = ACCURACY * (found.ladder[0].quality.value - found.ladder[-1].quality.value)
    gap = found.gap_to_optimal
    return f"{gap:.3g}" if gap > known or not known else f"less than {known:.1g}"


def _losses(found: Plan) -> list[str]:
    """Where there are any."""
    mean, low, high = found.outcome.loss.within(0, 1)
    return [f"lost               {mean:.3%} of jobs ({low:.3%} to {high:.3%})"] if high else []


def _ladder(found: Plan) -> list[str]:
    """With thresholds where these are what is run: a table need not have any."""
    steps = Thresholds((), ()) if found.request.kind == "table" else found.thresholds
    leave = [f"left at {depth} jobs" for depth in steps.thresholds]
    back = [f"regained at {depth}" for depth in steps.climb]
    ladder, shares = found.ladder, found.outcome.shares
    rows = zip_longest(ladder, leave, back, shares, fillvalue="")
    return [
        f"  {each.name:<16} {each.pace.seconds:8.3g} s  {_crowding(each)}{each.quality.value:8.5g}"
        f"  {share:6.1%} of jobs  {', '.join(filter(None, (down, up)))}"
        for each, down, up, share in rows
    ]


def _crowding(level: Candidate) -> str:
    """What each other job in the worker adds, where there may be any."""
    return "" if level.crowding is None else f"+{level.crowding:.1%} by each other  "


def _interval(value: Any) -> str:
    return f"{value.mean:.5g} ({value.low:.5g} to {value.high:.5g})"


def _line(row: dict[str, Any]) -> str:
    if "refused" in row:
        return f"{row['rate']:8.3g}  {row['refused']}"
    levels, share = ", ".join(row["levels"]), row["loss_probability"]
    lost = f"  {share:.2%} lost" if share else ""
    return (
        f"{row['rate']:8.3g}  quality {row['effective_quality']:.4g}  "
        f"p95 {row['p95_response']:.3g} s  workers {row['workers']}  {levels}  at "
        f"{row['thresholds']}{lost}"
    )
