"""`predict`: the steady state of one queue, or of the live system's policy, by formula."""

import argparse
from collections.abc import Callable, Iterator
from typing import Any, get_args

from rich.console import Console
from rich.table import Table

from controller.queueing import bounded, general, markovian, sharing
from controller.queueing.commands import predict_policy
from controller.queueing.engine import NO_LIMIT, Engine
from controller.queueing.general import Correction
from controller.queueing.levels.prediction import Prediction
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

models of a policy, in place of --service-time and what describes it
  chain     the level in force is part of the state: any workers and batch law
  embedded  one worker, one job at a time, the level fixed as it starts; taken where it applies

examples
  python -m controller.queueing predict --model mmk --rate 2.4 --service-time 1 --servers 3
  python -m controller.queueing predict --model mg1 --rate 0.8 --service-time 1 --scv 0 --json
  python -m controller.queueing predict --model ps --rate 2 --service-time 1 \\
      --tau0 0.8 --tau1 0.2 --cap 8
  python -m controller.queueing predict --policy policy.toml --profile profile.json --rate 2
"""

PERCENTILES = (50, 95, 99)

OF_A_QUEUE = ("scv", "servers", "capacity", "correction", "tau0", "tau1", "cap")
_SETTLED = {"servers": 1, "scv": 1.0}
"""What every model takes: it changes nothing."""


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` returns the figures for JSON."""
    parser = subparsers.add_parser(
        "predict",
        help="the steady state of one queue, or of a policy, by formula",
        description="What theory says about a queue with Poisson arrivals in its steady state: one "
        "that --model names, or one of the live system, by --policy and --profile.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    option = parser.add_argument
    option("--model", choices=(*MODELS, *predict_policy.MODELS))
    option("--rate", type=float, required=True, help="arrivals a second")
    option("--service-time", type=float, help="mean, seconds; ps: of a job alone")
    option("--scv", type=float, help="squared coefficient of variation of the service time (1)")
    option("--servers", "--workers", type=int, help="servers, or workers (1)")
    option("--capacity", type=int, help="most jobs in the system, waiting and served")
    option("--correction", choices=get_args(Correction), help="of mgk (allen-cunneen)")
    option("--tau0", type=float, help="ps: seconds of a step, whoever is in it (0)")
    option("--tau1", type=float, help="ps: seconds of a step for each job in it (1)")
    option("--cap", type=int, help="ps: most jobs together in a worker (no limit)")
    predict_policy.add(parser.add_argument_group("or the live system"))
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Prints a table unless JSON is asked for. Raises Refusal, PolicyError or ProfileError."""
    found = _of_policy(options) if predict_policy.asked(options) else _of_model(options)
    if not options.json:
        print(_shown(_table(found)), end="")
    return found.as_json()


def _of_policy(options: argparse.Namespace) -> Prediction:
    others = ("service_time", *(name for name in OF_A_QUEUE if name != "servers"))
    return predict_policy.predicted(options, others)


def _of_model(options: argparse.Namespace) -> Measures:
    if options.model is None:
        raise BadInput("say what to predict: --model, or --policy with --profile")
    if options.service_time is None:
        raise BadInput("--model needs --service-time, the mean in seconds")
    _refuse_what_the_model_ignores(options)
    return MODELS[options.model][0](options)


def _refuse_what_the_model_ignores(options: argparse.Namespace) -> None:
    for name in OF_A_QUEUE:
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


def _shown(table: Table) -> str:
    """As the terminal takes it; `print` then says whether anyone reads it."""
    console = Console()
    with console.capture() as captured:
        console.print(table)
    return captured.get()


def _table(found: Measures | Prediction) -> Table:
    measures = found.measures if isinstance(found, Prediction) else found
    table = Table("measure", "value", title=measures.model, title_justify="left")
    table.columns[1].justify = "right"
    for row in _rows(measures):
        table.add_row(*row)
    for row in predict_policy.rows(found) if isinstance(found, Prediction) else ():
        table.add_row(*row)
    return table


def _rows(found: Measures) -> Iterator[tuple[str, str]]:
    for name, value in found.as_json().items():
        if isinstance(value, float):
            seconds = " s" if name.startswith(("mean_w", "mean_r", "p95")) else ""
            yield name.replace("_", " "), f"{value:.6g}{seconds}"
    for name, time in (("wait", found.wait), ("response", found.response)):
        if time is not None:
            seconds = " / ".join(f"{time.percentile(percent):.4g}" for percent in PERCENTILES)
            yield f"{name}, {' / '.join(map(str, PERCENTILES))} %", f"{seconds} s"
