"""Options as vllm bench serve and AIPerf name them, and what they mean here."""

import argparse
import csv
import json
import math
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from loadgen import arrivals, intensity, workload
from loadgen.arrivals import Extent
from loadgen.intensity import BadLoad, Intensity
from loadgen.metrics import Goal
from loadgen.workload import Arrival, Workload

PROMPTS = Path(__file__).parent / "prompts"


def add_load(parser: argparse.ArgumentParser) -> None:
    """When requests come, how many, and what for."""
    when = parser.add_argument_group("when requests come (an open loop, drawn from the seed)")
    when.add_argument("--request-rate", type=float, default=1.0, help="a second, on average (1)")
    when.add_argument(
        "--burstiness",
        type=float,
        default=1.0,
        help="gamma shape of the gaps: 1 is Poisson, less is burstier, inf is even",
    )
    when.add_argument(
        "--arrivals",
        default="constant",
        metavar="LAW",
        help=(
            "constant | ramp:START:END:SECONDS | steps:RATE:SECONDS:RATE:…:RATE | "
            "diurnal:SWING:PERIOD | mmpp:RATE:SECONDS:RATE:SECONDS: how the rate goes over time"
        ),
    )
    when.add_argument(
        "--trace",
        type=Path,
        help="CSV or JSONL with time and any of kind, prompt and options; replaces all of these",
    )
    when.add_argument("--seed", type=int, default=1)
    size = parser.add_argument_group("how many")
    size.add_argument("--num-prompts", type=int, help="requests (100, unless --duration is given)")
    size.add_argument("--duration", type=float, help="seconds")
    size.add_argument("--warmup", type=int, default=0, help="first requests that count in nothing")
    what = parser.add_argument_group("what for")
    what.add_argument("--mix", help="shares of kinds: image=0.8,story=0.2")
    what.add_argument("--kind", choices=workload.KINDS, default="image")
    what.add_argument(
        "--prompts",
        default="captions",
        help="captions, scenes (for large models), or a file with one a line",
    )
    what.add_argument("--level", default="auto", help="a level's name, or auto")
    what.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=JSON",
        help='a job option, such as count=2 or strategy="parallel"; may be repeated',
    )


def schedule(options: argparse.Namespace) -> list[Arrival]:
    """The whole schedule. Raises BadLoad saying what is wrong."""
    asked = _workload(options)
    if options.trace:
        return trace(options.trace, asked, options.seed)
    count = options.num_prompts
    if count is None and options.duration is None:
        count = 100
    extent = Extent(count, options.duration)
    chance = random.Random(f"{options.seed} arrivals")
    due = arrivals.times(_law(options, extent, chance), extent, chance, options.burstiness)
    return workload.schedule(due, asked, options.seed)


def _law(options: argparse.Namespace, extent: Extent, chance: random.Random) -> Intensity:
    name, *rest = options.arrivals.split(":")
    rate = options.request_rate
    try:
        numbers = [float(each) for each in rest]
        if name == "constant" and not numbers:
            return intensity.constant(rate)
        if name == "ramp":
            return intensity.Ramp(*numbers)
        if name == "steps":
            return intensity.Pieces(tuple(numbers[::2]), tuple(numbers[1::2]))
        if name == "diurnal":
            return intensity.Diurnal(rate, *numbers)
        if name == "mmpp":
            horizon = extent.seconds or 10 * (extent.count or 0) / min(filter(None, numbers[::2]))
            return intensity.modulated(numbers[::2], numbers[1::2], horizon, chance)
    except (TypeError, ValueError) as error:
        if isinstance(error, BadLoad):
            raise
    raise BadLoad(f"--arrivals {options.arrivals!r} is no law of arrivals; see --help")


def _workload(options: argparse.Namespace) -> Workload:
    shares = workload.mix(options.mix) if options.mix else {options.kind: 1.0}
    given = dict(_option(text) for text in options.option)
    level = {} if options.level == "auto" else {"level": options.level}
    return Workload(shares, prompts(options.prompts), level | given)


def _option(text: str) -> tuple[str, Any]:
    name, _, value = text.partition("=")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def prompts(name: str) -> list[str]:
    """The shipped list of this name, or the lines of a file."""
    shipped = PROMPTS / f"{name}.txt"
    path = shipped if shipped.exists() else Path(name)
    try:
        return [line.strip() for line in path.read_text().splitlines() if line.strip()]
    except OSError as error:
        names = ", ".join(sorted(each.stem for each in PROMPTS.glob("*.txt")))
        raise BadLoad(f"cannot read the prompts {name!r} ({error}); shipped are {names}") from error


def trace(path: Path, asked: Workload, seed: int) -> list[Arrival]:
    """Requests at the times of a file: `time` in seconds; other columns are options of the job,
    what is missing is drawn as for any request. Raises BadLoad for a time that goes back."""
    try:
        rows = _rows(path)
        due = [float(row.pop("time")) for row in rows]
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise BadLoad(
            f"{path} is no trace: each row needs a time in seconds ({error!r})"
        ) from error
    _check_order(path, due)
    drawn = workload.schedule(due, asked, seed)
    return [
        Arrival(each.number, each.due, each.request | row)
        for each, row in zip(drawn, rows, strict=True)
    ]


def _check_order(path: Path, due: Sequence[float]) -> None:
    if not due:
        raise BadLoad(f"{path} holds no request")
    for number, at in enumerate(due, start=1):
        if not math.isfinite(at):
            raise BadLoad(f"{path}: row {number} is due at {at:g} s, which is no time")
    if due[0] < 0:
        raise BadLoad(f"{path}: row 1 is due at {due[0]:g} s, before the start")
    for number, (before, after) in enumerate(pairwise(due), start=2):
        if after < before:
            raise BadLoad(f"{path}: row {number} is due at {after:g} s, before {before:g} s")


def _rows(path: Path) -> list[dict[str, Any]]:
    lines = path.read_text().splitlines()
    if path.suffix == ".csv":
        found = csv.DictReader(lines)
        return [dict(_option(f"{k}={v}") for k, v in row.items() if v) for row in found]
    return [json.loads(line) for line in lines if line.strip()]


def goal(text: str) -> Goal:
    """`e2el:10000` (milliseconds, as vllm bench serve has it) as a goal."""
    name, _, milliseconds = text.partition(":")
    try:
        found = float(milliseconds) if name == "e2el" else math.nan
    except ValueError:
        found = math.nan
    if not 0 < found < math.inf:
        raise BadLoad(f"{text!r} is no goal: write e2el:10000, milliseconds end to end")
    return Goal(found / 1000)
