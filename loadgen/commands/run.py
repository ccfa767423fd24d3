"""`run`: one schedule against one address."""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import aiohttp

from loadgen import metrics, options
from loadgen.drive import Drive, Terms
from loadgen.gateway import Gateway
from loadgen.intensity import BadLoad
from loadgen.live import View
from loadgen.record import Record, write
from loadgen.target import OpenAiImages, Target
from loadgen.told import tell
from loadgen.workload import Arrival


class Unreachable(ConnectionError):
    """Nothing answers at the address, so nothing was sent."""


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "run", help="one schedule against one address", description=__doc__
    )
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="where to send")
    parser.add_argument("--target", choices=["storyteller", "openai"], default="storyteller")
    options.add_load(parser)
    terms = parser.add_argument_group("how")
    terms.add_argument("--max-concurrency", type=int, help="most outstanding; closes the loop")
    terms.add_argument(
        "--concurrency",
        type=int,
        metavar="N",
        help="a closed loop: all are due at once, N outstanding at a time",
    )
    terms.add_argument(
        "--patience",
        type=float,
        default=600.0,
        help="seconds after the last request for what is outstanding",
    )
    terms.add_argument("--goodput", metavar="e2el:MS", help="count what is done within it")
    terms.add_argument("--percentiles", default="50,95,99")
    terms.add_argument("--save-result", type=Path, metavar="FILE", help="a JSON line a request")
    terms.add_argument("--quiet", action="store_true")
    terms.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Send, follow, and sum up. Raises BadLoad, Unreachable, or OSError for the file."""
    schedule = options.schedule(asked)
    if asked.concurrency:
        schedule = [Arrival(each.number, 0.0, each.request) for each in schedule]
    goal = options.goal(asked.goodput) if asked.goodput else None
    wanted = percents(asked.percentiles)
    records = asyncio.run(_driven(asked, schedule))
    found = metrics.summary(records, wanted, goal)
    found["loop"] = "closed" if asked.concurrency else "open"
    tell(found)
    return found


def percents(text: str) -> list[float]:
    """`50,95,99` as numbers. Raises BadLoad for anything else."""
    try:
        found = [float(each) for each in text.split(",")]
    except ValueError:
        raise BadLoad(f"--percentiles {text!r}: write 50,95,99") from None
    if not all(0 <= each <= 100 for each in found):
        raise BadLoad(f"--percentiles {text!r}: each must be from 0 to 100")
    return found


async def _driven(asked: argparse.Namespace, schedule: Sequence[Arrival]) -> list[Record]:
    target = await _target(asked)
    terms = Terms(
        patience=asked.patience,
        max_concurrency=asked.concurrency or asked.max_concurrency,
        warmup=asked.warmup,
        request_timeout=asked.patience if asked.target == "openai" else 60.0,
    )
    records: list[Record] = []
    with ExitStack() as stack:
        view = stack.enter_context(View(len(schedule), quiet=asked.quiet))
        file = stack.enter_context(asked.save_result.open("w")) if asked.save_result else None
        drive = Drive(target, terms, tell=view.tell, done=partial(_keep, records, file))
        watching = asyncio.create_task(view.watch(asked.url))
        await _until_interrupted(drive.run(schedule))
        watching.cancel()
    return sorted(records, key=lambda record: record.number)


def _keep(records: list[Record], file: TextIO | None, record: Record) -> None:
    records.append(record)
    if file is not None:
        write(file, record)
        file.flush()


async def _until_interrupted(driving: Any) -> None:
    """Ctrl-C ends the run; what was measured until then is kept."""
    task = asyncio.ensure_future(driving)
    asyncio.get_running_loop().add_signal_handler(signal.SIGINT, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


async def _target(asked: argparse.Namespace) -> Target:
    url = asked.url.rstrip("/")
    try:
        async with aiohttp.ClientSession() as session, session.get(url):
            pass
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(f"nothing answers at {url}: {error}. Is it up? `make up`") from error
    return Gateway(url) if asked.target == "storyteller" else OpenAiImages(url)
