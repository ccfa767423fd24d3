"""`simulate`: a textbook queue, or the live system's policy and profile, event by event."""

import argparse
import dataclasses
import math
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

from rich.console import Console
from rich.progress import track

from controller.queueing.refusal import BadInput
from controller.queueing.simulation import live
from controller.queueing.simulation.arrivals import Arrivals
from controller.queueing.simulation.estimates import Estimate
from controller.queueing.simulation.notation import FORMS, arrivals_written
from controller.queueing.simulation.scenario import Horizon, Moment, Routing, Scenario
from controller.queueing.simulation.stability import require_steady
from controller.queueing.simulation.statistics import Summary, replicate
from controller.queueing.simulation.textbook import Model, Textbook
from controller.queueing.simulation.warmup import mser5, no_warm_up
from services.contract import policy, profile
from services.contract.jobs import QUEUES
from services.contract.policy import Policy, PolicyError
from services.contract.profile import BatchLaw, ProfileError

NO_LIMIT = 100_000
"""Of jobs in one server: more than a stable queue has, ρ = 0.999 included."""
OF_LEVELS = ("residency", "job_shares", "effective_quality", "switch_rate")


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints its findings and returns them for JSON."""
    parser = subparsers.add_parser(
        "simulate",
        help="a queue event by event, with confidence intervals",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    _add_queue(parser.add_argument_group("a textbook queue"))
    _add_system(parser.add_argument_group("or the live system"))
    _add_traffic(parser.add_argument_group("what comes, and where it goes"))
    _add_experiment(parser.add_argument_group("the experiment"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises BadInput for what cannot be simulated, Unstable where there is no steady state."""
    scenario, name, levels = _asked(options)
    if options.seconds is None:
        require_steady(scenario)
    summary = _summary(scenario, options)
    result = {"model": name, **_figures(summary), **_of_levels(summary, levels)}
    result |= {"replications": summary.replications, "warm_up": summary.warm_up}
    _print(result)
    return result


def _add_queue(group: Any) -> None:
    group.add_argument(
        "--model", choices=get_args(Model), help="ps: processor sharing by a batch law"
    )
    group.add_argument("--service-time", type=float, help="mean, seconds alone in a server")
    group.add_argument("--scv", type=float, default=1.0, help="of service times")
    group.add_argument("--servers", type=int, default=1)
    group.add_argument("--capacity", type=int, help="most jobs in the system")
    group.add_argument("--tau0", type=float, default=0.0, help="ps: seconds of a step")
    group.add_argument("--tau1", type=float, default=1.0, help="ps: and for each job in it")
    group.add_argument("--cap", type=int, default=NO_LIMIT, help="ps: most jobs in a server")


def _add_system(group: Any) -> None:
    group.add_argument("--policy", type=Path, help="policy.toml")
    group.add_argument("--profile", type=Path, help="profile.json")
    group.add_argument("--queue", choices=QUEUES, default="images")
    group.add_argument("--workers", type=int, default=1)
    group.add_argument(
        "--moment", choices=get_args(Moment), default="start", help="of a job's level"
    )
    group.add_argument("--period", type=float, default=live.TICK_SECONDS, help="0: at every event")
    group.add_argument(
        "--retime", action="store_true", help="work under way follows the level down"
    )


def _add_traffic(group: Any) -> None:
    group.add_argument("--rate", type=float, required=True, help="mean arrivals a second")
    group.add_argument("--arrivals", default="poisson", metavar="PROCESS", help=FORMS)
    group.add_argument("--routing", choices=get_args(Routing), default="shared")
    group.add_argument("--deadline", type=float, help="seconds from arrival")


def _add_experiment(group: Any) -> None:
    group.add_argument("--jobs", type=int, default=100_000, help="in each replication")
    group.add_argument("--seconds", type=float, help="of arrivals, in place of --jobs; no warm-up")
    group.add_argument("--replications", type=int, default=10)
    group.add_argument("--seed", type=int, default=1, help="of the first; the next ones follow")


def _asked(options: argparse.Namespace) -> tuple[Scenario, str, tuple[str, ...]]:
    """The scenario, what it is called, and the names of its levels, if there are any."""
    if (options.model is None) == (options.policy is None):
        raise BadInput("say what to simulate: --model, or --policy with --profile")
    by_seconds = options.seconds is not None
    traffic = {
        "horizon": Horizon(seconds=options.seconds) if by_seconds else Horizon(options.jobs),
        "routing": options.routing,
        "deadline": options.deadline,
    }
    arrivals = arrivals_written(options.arrivals, options.rate)
    if options.model is not None:
        scenario = _textbook(options).scenario(arrivals)
        return dataclasses.replace(scenario, **traffic), options.model, ()
    ladder = _ladder(options.policy)
    scenario = _system(options, ladder, arrivals)
    return (
        dataclasses.replace(scenario, **traffic),
        ladder.of(options.queue).rules.kind,
        ladder.names,
    )


def _textbook(options: argparse.Namespace) -> Textbook:
    if options.service_time is None:
        raise BadInput("--model needs --service-time")
    return Textbook(
        model=options.model,
        service_time=options.service_time,
        scv=options.scv,
        servers=options.servers,
        capacity=options.capacity,
        law=_law(options),
    )


def _law(options: argparse.Namespace) -> BatchLaw:
    try:
        return BatchLaw(tau0=options.tau0, tau1=options.tau1, cap=options.cap)
    except ValueError as error:
        raise BadInput(
            f"no batch law: tau0, tau1 >= 0, not both 0, and cap >= 1: {error}"
        ) from error


def _ladder(path: Path) -> Policy:
    try:
        return policy.load(path)
    except PolicyError as error:
        raise BadInput(str(error)) from error


def _system(options: argparse.Namespace, ladder: Policy, arrivals: Arrivals) -> Scenario:
    if options.profile is None:
        raise BadInput("--policy needs --profile, the times and qualities of its levels")
    try:
        measured = profile.load(options.profile)
    except ProfileError as error:
        raise BadInput(str(error)) from error
    scenario = live.scenario(
        ladder, measured, options.queue, arrivals=arrivals, workers=options.workers
    )
    switching = dataclasses.replace(
        scenario.switching,
        period=options.period or None,
        moment=options.moment,
        retime=options.retime,
    )
    return dataclasses.replace(scenario, switching=switching)


def _summary(scenario: Scenario, options: argparse.Namespace) -> Summary:
    seeds: Iterable[int] = range(options.seed, options.seed + options.replications)
    console = Console(stderr=True)
    shown = track(seeds, "simulating", console=console, disable=not console.is_terminal)
    return replicate(scenario, shown, mser5 if options.seconds is None else no_warm_up)


def _figures(summary: Summary) -> dict[str, Any]:
    estimates = ((each.name, getattr(summary, each.name)) for each in dataclasses.fields(summary))
    return {
        name: _json(value)
        for name, value in estimates
        if isinstance(value, Estimate) and name not in OF_LEVELS
    }


def _of_levels(summary: Summary, names: tuple[str, ...]) -> dict[str, Any]:
    if not names:
        return {}
    quality = summary.effective_quality
    return {
        "residency": dict(zip(names, map(_json, summary.residency), strict=True)),
        "job_shares": dict(zip(names, map(_json, summary.job_shares), strict=True)),
        "effective_quality": None if quality is None else _json(quality),
        "switch_rate": _json(summary.switch_rate),
    }


def _json(estimate: Estimate) -> dict[str, Any] | None:
    """None for what no job tells, such as the response where all were lost."""
    return None if math.isnan(estimate.mean) else estimate.as_json()


def _print(result: dict[str, Any]) -> None:
    print(f"{result['model']}, {result['replications']} replications, 95 % confidence intervals")
    for name, value in result.items():
        if name in ("residency", "job_shares"):
            for level, share in value.items():
                print(_line(f"{name} of {level}", share))
        elif isinstance(value, dict):
            print(_line(name, value))


def _line(name: str, value: dict[str, Any] | None) -> str:
    if value is None:
        return f"  {name:<24} unknown"
    low, high = value["ci95"]
    return f"  {name:<24} {value['mean']:>12.6g}  [{low:.6g}, {high:.6g}]"
