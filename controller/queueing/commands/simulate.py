"""`simulate`: a textbook queue, or the live system's policy and profile, event by event."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, get_args

from rich.console import Console
from rich.progress import track

from controller.queueing.engine import NO_LIMIT
from controller.queueing.refusal import BadInput, require_count
from controller.queueing.simulation import live, report
from controller.queueing.simulation.arrivals import Arrivals
from controller.queueing.simulation.notation import FORMS, arrivals_written
from controller.queueing.simulation.scenario import (
    Horizon,
    Moment,
    Routing,
    Scenario,
    Switching,
)
from controller.queueing.simulation.stability import require_steady
from controller.queueing.simulation.statistics import Summary, replicate
from controller.queueing.simulation.textbook import Model, Textbook
from controller.queueing.simulation.warmup import mser5, no_warm_up
from services.contract import policy, profile
from services.contract.jobs import QUEUES, Queue
from services.contract.policy import Policy
from services.contract.profile import BatchLaw

OF_A_MODEL = ("service_time", "scv", "tau0", "tau1", "cap")
OF_A_POLICY = ("profile", "queue", "moment", "period", "retime")


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints its findings and returns them for JSON."""
    parser = subparsers.add_parser(
        "simulate",
        help="a queue event by event, with confidence intervals",
        description=__doc__,
    )
    _add_queue(parser.add_argument_group("a textbook queue"))
    _add_system(parser.add_argument_group("or the live system"))
    _add_traffic(parser.add_argument_group("what comes, and where it goes"))
    _add_experiment(parser.add_argument_group("the experiment"))
    parser.set_defaults(run=run)


class Asked(NamedTuple):
    """A scenario, what it is called, and the names of its levels, if any."""

    scenario: Scenario
    name: str
    levels: tuple[str, ...] = ()


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises Refusal, or PolicyError or ProfileError for files that cannot be read."""
    require_count(least=0, seed=options.seed)
    asked = _asked(options)
    if options.seconds is None:
        require_steady(asked.scenario)
    summary = _summary(asked, options)
    found = report.as_json(summary, asked.levels)
    if not options.json:
        count = f"{summary.replications} replications"
        print(f"{asked.name}: mean and 95 % confidence interval of {count}")
        print("\n".join(report.lines(found)))
    return {"model": asked.name, **found}


def _add_queue(group: Any) -> None:
    option = group.add_argument
    option("--model", choices=get_args(Model), help="ps: processor sharing by a batch law")
    option("--service-time", type=float, help="mean, seconds; ps: of a job alone")
    option("--scv", type=float, help="squared coefficient of variation of the service time (1)")
    option("--tau0", type=float, help="ps: seconds of a step, whoever is in it (0)")
    option("--tau1", type=float, help="ps: seconds of a step for each job in it (1)")
    option("--cap", type=int, help="ps: most jobs together in a worker (no limit)")


def _add_system(group: Any) -> None:
    option = group.add_argument
    option("--policy", type=Path, help="policy.toml: when which level is in force")
    option("--profile", type=Path, help="profile.json: what its levels take and are worth")
    option("--queue", choices=QUEUES, help="(images)")
    option("--moment", choices=get_args(Moment), help="when a job gets its level (start)")
    option("--period", type=float, help="seconds between decisions; 0: at every event (0.25)")
    option(
        "--retime",
        action=argparse.BooleanOptionalAction,
        help="whether running pictures follow the level down (as the levels say)",
    )


def _add_traffic(group: Any) -> None:
    option = group.add_argument
    option("--rate", type=float, help="mean arrivals a second; a trace has its own")
    option("--arrivals", default="poisson", metavar="PROCESS", help=f"{FORMS} (poisson)")
    option("--servers", "--workers", dest="workers", type=int, default=1, help="(1)")
    option("--routing", choices=get_args(Routing), default="shared", help="(shared)")
    option("--capacity", type=int, help="most jobs in the system (a policy's own, or no limit)")
    option("--deadline", type=float, help="seconds from arrival (none)")


def _add_experiment(group: Any) -> None:
    option = group.add_argument
    option("--jobs", type=int, default=100_000, help="in each replication (100000)")
    option("--seconds", type=float, help="of arrivals, in place of --jobs; without warm-up")
    option("--replications", type=int, default=10, help="(10)")
    option("--seed", type=int, default=1, help="of the first; the next ones follow (1)")


def _asked(options: argparse.Namespace) -> Asked:
    if (options.model is None) == (options.policy is None):
        raise BadInput("say what to simulate: --model, or --policy with --profile")
    arrivals = arrivals_written(options.arrivals, options.rate)
    if options.model is not None:
        _refuse(options, OF_A_POLICY, "policy")
        return Asked(_within(options, _textbook(options).scenario(arrivals)), options.model)
    _refuse(options, OF_A_MODEL, "model")
    queue = options.queue or "images"
    return _system(options, policy.load(options.policy).of(queue), queue, arrivals)


def _refuse(options: argparse.Namespace, names: Sequence[str], owner: str) -> None:
    for name in names:
        if getattr(options, name) is not None:
            raise BadInput(f"--{name.replace('_', '-')} belongs to --{owner}, which is not given")


def _within(options: argparse.Namespace, scenario: Scenario) -> Scenario:
    jobs = options.jobs if options.seconds is None else None
    return dataclasses.replace(
        scenario,
        horizon=Horizon(jobs=jobs, seconds=options.seconds),
        routing=options.routing,
        deadline=options.deadline,
        capacity=scenario.capacity if options.capacity is None else options.capacity,
    )


def _textbook(options: argparse.Namespace) -> Textbook:
    if options.service_time is None:
        raise BadInput("--model needs --service-time")
    return Textbook(
        model=options.model,
        service_time=options.service_time,
        scv=_or(1.0, options.scv),
        servers=options.workers,
        capacity=options.capacity,
        law=_law(options),
    )


def _law(options: argparse.Namespace) -> BatchLaw | None:
    """That of ps; of another model where one is given, which refuses it."""
    given = (options.tau0, options.tau1, options.cap)
    if options.model != "ps" and given == (None, None, None):
        return None
    tau0, tau1 = _or(0.0, options.tau0), _or(1.0, options.tau1)
    try:
        return BatchLaw(tau0=tau0, tau1=tau1, cap=_or(NO_LIMIT, options.cap))
    except ValueError as error:
        raise BadInput("a batch law needs tau0, tau1 >= 0, not both 0, and cap >= 1") from error


def _or(default: Any, given: Any) -> Any:
    return default if given is None else given


def _system(options: argparse.Namespace, ladder: Policy, queue: Queue, arrivals: Arrivals) -> Asked:
    if options.profile is None:
        raise BadInput("--policy needs --profile, the times and qualities of its levels")
    if queue == "stories" and options.retime:
        raise BadInput("--retime is for images: a story keeps the level it was begun with")
    measured, workers = profile.load(options.profile), options.workers
    scenario = live.scenario(ladder, measured, queue, arrivals=arrivals, workers=workers)
    scenario = dataclasses.replace(scenario, switching=_switching(options, scenario.switching))
    return Asked(_within(options, scenario), ladder.rules.kind, ladder.names)


def _switching(options: argparse.Namespace, switching: Switching) -> Switching:
    return dataclasses.replace(
        switching,
        period=_or(live.TICK_SECONDS, options.period) or None,
        moment=options.moment or "start",
        retime=_or(switching.retime, options.retime),
    )


def _summary(asked: Asked, options: argparse.Namespace) -> Summary:
    seeds = range(options.seed, options.seed + options.replications)
    console = Console(stderr=True)
    shown = track(seeds, "simulating", console=console, disable=not console.is_terminal)
    cut = mser5 if options.seconds is None else no_warm_up
    return replicate(asked.scenario, shown, cut)
