"""`optimal`: the best that any policy could do at each rate, as a policy to run."""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import track

from controller.queueing.commands.kept_optima import keep, kept
from controller.queueing.commands.written import command_line, require_writable
from controller.queueing.planning.conduct import conduct
from controller.queueing.planning.ladder import candidates
from controller.queueing.planning.policy_file import Draft, Source, write
from controller.queueing.planning.rates import rates
from controller.queueing.planning.request import Request
from controller.queueing.planning.tabled import best, draft, of_policy
from controller.queueing.planning.target import named, parse, written
from controller.queueing.planning.trial import Outcome
from controller.queueing.refusal import BadInput
from controller.queueing.simulation.estimates import Estimate
from services.contract import policy, profile
from services.contract.jobs import QUEUES
from services.contract.ladder import Level
from services.contract.policy import Policy


class Solved(NamedTuple):
    """Rules found for a rate, the levels that they may use, best first, and their file."""

    draft: Draft
    levels: tuple[str, ...]
    path: Path

    @property
    def met(self) -> bool:
        """Whether the target is met, and few enough are lost, with the whole intervals."""
        outcome, request = self.draft.outcome, self.draft.request
        if outcome is None:
            return False
        late = outcome.target.high > request.slo.seconds
        return not late and outcome.loss.high <= request.most_lost


def add(subparsers: Any) -> None:
    """Register the command; `run(options)` prints its findings and returns them for JSON."""
    parser = subparsers.add_parser(
        "optimal",
        help="the optimum for each rate, as a policy with rules of the kind table",
        description="Solves the semi-Markov decision process of a ladder for each rate, and writes "
        "OUT/RATE.toml: the ladder, and the level to go to at each depth, for the best effective "
        "quality within the target. OUT/optimal.json says of each table what it does.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--policy", type=Path, required=True, help="policy.toml with the ladder")
    parser.add_argument("--profile", type=Path, required=True, help="profile.json")
    parser.add_argument("--queue", choices=QUEUES, default="images", help="whose rules are found")
    parser.add_argument("--rate", required=True, help="jobs a second: 1,2.7,5.5 or 0.2:4:0.2")
    parser.add_argument("--slo", required=True, help="p95=10s, p99=500ms, mean=2s")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=20_000, help="jobs of a simulated replication")
    parser.add_argument("--most-lost", type=float, default=0.01, help="share of jobs refused")
    parser.add_argument("--out", type=Path, required=True, help="folder for RATE.toml of each rate")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """Raises Refusal, PolicyError or ProfileError for what cannot be asked, before the work."""
    ladder, asked = policy.load(options.policy), rates(options.rate)
    requests = _requests(options, ladder, asked)
    paths = _paths(asked, options.out)
    source = Source(command_line(), options.profile, ladder)
    console = Console(stderr=True)
    work = track(requests, "solving", console=console, disable=not console.is_terminal)
    done = [
        _solved(each, ladder.levels, source, path) for each, path in zip(work, paths, strict=True)
    ]
    print("\n".join(map(_line, done)))
    print(f"wrote {', '.join(map(str, paths))}")
    return {"slo": written(requests[0].slo), "tables": [_row(each) for each in done]}


def _requests(options: argparse.Namespace, ladder: Policy, asked: list[float]) -> list[Request]:
    rules = ladder.rules_of(options.queue)
    found = of_policy(profile.load(options.profile), ladder, options.queue)
    candidates(found, options.queue)  # what has no quality is refused before the work
    return [
        Request(
            profile=found,
            queue=options.queue,
            rate=rate,
            slo=parse(options.slo),
            workers=(options.workers, options.workers),
            kind="table",
            capacity=rules.capacity,
            conduct=conduct(found, options.queue, rules.dwell_seconds),
            jobs=options.jobs,
            most_lost=options.most_lost,
        )
        for rate in asked
    ]


def _paths(asked: list[float], out: Path) -> list[Path]:
    """Of each rate, by its name in the records of runs."""
    names = [f"{rate:g}.toml" for rate in asked]
    if len(set(names)) < len(names):
        raise BadInput("two of these rates are the same to six digits: they would share a file")
    require_writable(out)
    kept(out)  # one that is not ours is refused before the work
    return [out / name for name in names]


def _solved(request: Request, levels: tuple[Level, ...], source: Source, path: Path) -> Solved:
    """Written at once: what ends a later rate leaves it there."""
    found = best(request)
    drafted = draft(request, found, levels)
    write(drafted, source, path)
    solved = Solved(drafted, tuple(each.name for each in found.ladder), path)
    keep(path.parent, _row(solved) | {"file": path.name, "slo": written(request.slo)})
    return solved


def _line(found: Solved) -> str:
    outcome, request = found.draft.outcome, found.draft.request
    note = f"  ({found.draft.note})" if found.draft.note else ""
    if outcome is None:
        return f"{request.rate:8.3g}  {found.levels[-1]} at every depth{note}"
    parts = zip(found.levels, outcome.shares, strict=True)
    levels = ", ".join(f"{name} {share:.1%}" for name, share in parts)
    figures = {"quality": _interval(outcome.quality), "p95": f"{_interval(outcome.p95)} s"}
    if named(request.slo) != "p95":
        figures[named(request.slo)] = f"{_interval(outcome.target)} s"
    told = "  ".join(f"{name} {figure}" for name, figure in figures.items())
    return f"{request.rate:8.3g}  {told}  {levels}{note}"


def _interval(value: Estimate) -> str:
    return f"{value.mean:.4g} ({value.low:.4g} to {value.high:.4g})"


def _row(found: Solved) -> dict[str, Any]:
    draft_ = found.draft
    row = {"rate": draft_.request.rate, "file": str(found.path), "met": found.met}
    return row | {"note": draft_.note, **_figures(found, draft_.outcome)}


def _figures(found: Solved, outcome: Outcome | None) -> dict[str, Any]:
    """By the names that `plan` has for them; null where there is no steady state."""
    names = {"effective_quality": "quality", "p95_response": "p95", "mean_response": "mean"}
    names |= {"loss_probability": "loss", "switch_rate": "switches"}
    if outcome is None:
        return dict.fromkeys([*names, "job_shares", "ci95"])
    known = {name: getattr(outcome, field) for name, field in names.items()}
    return {
        **{name: figure.mean for name, figure in known.items()},
        "job_shares": dict(zip(found.levels, outcome.shares.tolist(), strict=True)),
        "ci95": {name: [figure.low, figure.high] for name, figure in known.items()},
    }
