"""`predict`: the steady state of one queue, by formula."""

import argparse
from collections.abc import Callable
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from controller.queueing import bounded, general, markovian, sharing
from controller.queueing.engine import NO_LIMIT, Engine
from controller.queueing.general import Correction
from controller.queueing.measures import Measures
from controller.queueing.refusal import BadInput, require_count, require_not_negative
from services.contract.profile import BatchLaw

_EXAMPLES = """
models
  mm1    M/M/1: one server, exponential service
  mmk    M/M/k: one queue before k servers
  mmkk   M/M/k/K: the same with room for K jobs, waiting and served
  mg1    M/G/1: one server, any service time; with --capacity M/G/1/K
  mgk    M/G/k: k servers, any service time, corrected; with --capacity M/G/k/K
  ps     k workers that each advance up to --cap jobs together, a step of b taking tau0 + tau1*b

examples
  python -m controller.queueing predict --model mmk --rate 2.4 --service-time 1 --servers 3
  python -m controller.queueing predict --model mg1 --rate 0.8 --service-time 1 --scv 0 --json
  python -m controller.queueing predict --model ps --rate 2 --service-time 1 \\
      --tau0 0.8 --tau1 0.2 --cap 8
"""

PERCENTILES = (50, 95, 99)

_SETTLED = {"servers": 1, "scv": 1.0}
"""What every model takes: it changes nothing."""


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` returns the figures for JSON."""
    parser = subparsers.add_parser(
        "predict",
        help="the steady state of one queue, by formula",
        description="What theory says about a queue with Poisson arrivals in its steady state.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--model", choices=tuple(MODELS), required=True)
    option("--rate", type=float, required=True, help="arrivals a second")
    option("--service-time", type=float, required=True, help="mean, seconds; ps: of a job alone")
    option("--scv", type=float, help="squared coefficient of variation of the service time (1)")
    option("--servers", type=int, help="servers, or workers of ps (1)")
    option("--capacity", type=int, help="most jobs in the system, waiting and served")
    option("--correction", choices=get_args(Correction), help="of mgk (allen-cunneen)")
    option("--tau0", type=float, help="ps: seconds of a step, whoever is in it (0)")
    option("--tau1", type=float, help="ps: seconds of a step for each job in it (1)")
    option("--cap", type=int, help="ps: most jobs together in a worker (no limit)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Prints a table unless JSON is asked for. Raises Refusal."""
    _refuse_what_the_model_ignores(options)
    found = MODELS[options.model][0](options)
    if not options.json:
        Console().print(_table(found))
    return found.as_json()


def _refuse_what_the_model_ignores(options: argparse.Namespace) -> None:
    names = ("scv", "servers", "capacity", "correction", "tau0", "tau1", "cap")
    for name in names:
        value = getattr(options, name)
        ignored = name not in MODELS[options.model][1]
        if ignored and value is not None and value != _SETTLED.get(name):
            takers = ", ".join(model for model, (_, taken) in MODELS.items() if name in taken)
            raise BadInput(f"--{name} {value} says nothing to {options.model}; it is for {takers}")


def _servers(options: argparse.Namespace) -> int:
    return 1 if options.servers is None else int(options.servers)


def _scv(options: argparse.Namespace) -> float:
    return 1.0 if options.scv is None else float(options.scv)


def _mm1(options: argparse.Namespace) -> Measures:
    return markovian.mm1(options.rate, options.service_time)


def _mmk(options: argparse.Namespace) -> Measures:
    return markovian.mmk(options.rate, options.service_time, _servers(options))


def _mmkk(options: argparse.Namespace) -> Measures:
    if options.capacity is None:
        raise BadInput("mmkk needs --capacity: the most jobs in the system, waiting and served")
    return markovian.mmkk(options.rate, options.service_time, _servers(options), options.capacity)


def _mg1(options: argparse.Namespace) -> Measures:
    traffic = (options.rate, options.service_time, _scv(options))
    if options.capacity is not None:
        return bounded.mg1k(*traffic, options.capacity)
    return general.mg1(*traffic)


def _mgk(options: argparse.Namespace) -> Measures:
    queue = (options.rate, options.service_time, _scv(options), _servers(options))
    correction = options.correction or "allen-cunneen"
    if options.capacity is not None:
        return bounded.mgkk(*queue, options.capacity, correction)
    return general.mgk(*queue, correction)


def _ps(options: argparse.Namespace) -> Measures:
    tau0 = 0.0 if options.tau0 is None else options.tau0
    tau1 = 1.0 if options.tau1 is None else options.tau1
    cap = NO_LIMIT if options.cap is None else options.cap
    require_not_negative(tau0=tau0, tau1=tau1)
    require_count(cap=cap)
    if tau0 + tau1 == 0:
        raise BadInput("tau0 and tau1 are both 0: a step must take time")
    law = BatchLaw(tau0=tau0, tau1=tau1, cap=cap)
    return sharing.ps(
        options.rate, Engine(options.service_time, law, _servers(options)), _scv(options)
    )


MODELS: dict[str, tuple[Callable[[argparse.Namespace], Measures], tuple[str, ...]]] = {
    "mm1": (_mm1, ()),
    "mmk": (_mmk, ("servers",)),
    "mmkk": (_mmkk, ("servers", "capacity")),
    "mg1": (_mg1, ("scv", "capacity")),
    "mgk": (_mgk, ("scv", "servers", "capacity", "correction")),
    "ps": (_ps, ("scv", "servers", "tau0", "tau1", "cap")),
}
"""By name: how it is computed, and the options that it takes beside rate and service time."""


def _table(found: Measures) -> Table:
    table = Table("measure", "value", title=found.model, title_justify="left")
    table.columns[1].justify = "right"
    for name, value in found.as_json().items():
        if isinstance(value, float):
            seconds = " s" if name.startswith(("mean_w", "mean_r", "p95")) else ""
            table.add_row(name.replace("_", " "), f"{value:.6g}{seconds}")
    for name, time in (("wait", found.wait), ("response", found.response)):
        if time is not None:
            seconds = " / ".join(f"{time.percentile(percent):.4g}" for percent in PERCENTILES)
            table.add_row(f"{name}, {' / '.join(map(str, PERCENTILES))} %", f"{seconds} s")
    return table
