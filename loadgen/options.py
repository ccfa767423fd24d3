"""Options as vllm bench serve and AIPerf name them, and what they mean here."""

import argparse
import math
import random
from pathlib import Path
from typing import TypeVar

from loadgen import arrivals, intensity, trace, workload
from loadgen.arrivals import Extent
from loadgen.intensity import BadLoad, Intensity
from loadgen.metrics import Goal
from loadgen.workload import Arrival, Workload

PROMPTS = Path(__file__).parent / "prompts"

T = TypeVar("T", int, float)


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
    size.add_argument(
        "--warmup", type=whole, default=0, help="first requests that count in nothing"
    )
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


def seconds(text: str) -> float:
    """0 or more, for an option. Raises ArgumentTypeError otherwise."""
    return _not_negative(float, text)


def whole(text: str) -> int:
    """A number of things, for an option. Raises ArgumentTypeError if it is none."""
    return _not_negative(int, text)


def _not_negative(kind: type[T], text: str) -> T:
    try:
        found = kind(text)
    except ValueError:
        found = kind(-1)
    if not found >= 0:
        raise argparse.ArgumentTypeError(f"{text!r}: must be 0 or more")
    return found


def schedule(options: argparse.Namespace) -> list[Arrival]:
    """The whole schedule. Raises BadLoad saying what is wrong."""
    asked = _workload(options)
    if options.trace:
        return trace.schedule(options.trace, asked, options.seed)
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
    given = dict(workload.option(text) for text in options.option)
    level = {} if options.level == "auto" else {"level": options.level}
    return Workload(shares, prompts(options.prompts), level | given)


def prompts(name: str) -> list[str]:
    """The shipped list of this name, or the lines of a file."""
    shipped = PROMPTS / f"{name}.txt"
    path = shipped if shipped.exists() else Path(name)
    try:
        return [line.strip() for line in path.read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        names = ", ".join(sorted(each.stem for each in PROMPTS.glob("*.txt")))
        raise BadLoad(f"cannot read the prompts {name!r} ({error}); shipped are {names}") from error


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
