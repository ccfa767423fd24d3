"""A schedule sent for a command: with its live view, its file of records, and Ctrl-C."""

import argparse
import asyncio
import signal
import sys
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import aiohttp

from loadgen import began, options
from loadgen.drive import Drive, Terms
from loadgen.gateway import Gateway
from loadgen.live import View
from loadgen.record import Record, write
from loadgen.target import Target
from loadgen.watch import watched
from loadgen.workload import Arrival


class Unreachable(ConnectionError):
    """Nothing answers at the address, so nothing was sent."""


@dataclass(frozen=True)
class Launch:
    """What is sent and shown: `label` goes before the figures, `file` takes a line a request.

    `levels`: whether the changes of level are kept beside it, where there are any.
    """

    url: str
    schedule: Sequence[Arrival]
    terms: Terms = field(default_factory=Terms)
    file: Path | None = None
    quiet: bool = False
    label: str = ""
    levels: bool = True


def add_terms(parser: argparse.ArgumentParser) -> Any:
    """How long to wait and what to show; the group, for more of the kind."""
    terms = parser.add_argument_group("how")
    terms.add_argument(
        "--patience",
        type=options.seconds,
        default=600.0,
        help="seconds after the last request for what is outstanding",
    )
    terms.add_argument("--goodput", metavar="e2el:MS", help="count what is done within it")
    terms.add_argument("--quiet", action="store_true", help="no live view")
    terms.add_argument("--json", action="store_true", help="the last line is one JSON object")
    return terms


async def check_reachable(url: str) -> None:
    """Raises Unreachable where nothing answers."""
    try:
        async with aiohttp.ClientSession() as session, session.get(url):
            pass
    except (aiohttp.ClientError, TimeoutError) as error:
        raise Unreachable(f"nothing answers at {url}: {error}. Is it up? `make up`") from error


async def until_interrupted(work: Coroutine[Any, Any, None]) -> bool:
    """Whether the work came to its end; Ctrl-C or SIGTERM cancel it, and it keeps what it has."""
    task = asyncio.ensure_future(work)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return False
    return True


async def launch(what: Launch, target: Target, records: list[Record]) -> None:
    """Send it all and add each record once it is final. Cancelled, records the outstanding.

    Beside the file go when it began, and the changes of level, where the target is a Storyteller.
    """
    async with AsyncExitStack() as stack:
        view = stack.enter_context(View(len(what.schedule), quiet=what.quiet, label=what.label))
        file = stack.enter_context(what.file.open("w")) if what.file else None
        if what.file and what.levels and isinstance(target, Gateway):
            await stack.enter_async_context(watched(what.url, target.clock, what.file))
        drive = Drive(target, what.terms, tell=view.tell, done=partial(_keep, records, file))
        if what.file:
            _keep_start(what.file)
        watching = asyncio.create_task(view.watch(what.url))
        try:
            await drive.run(what.schedule)
        finally:
            watching.cancel()


def _keep_start(file: Path) -> None:
    """A start that cannot be kept spoils no run: a line on stderr says why."""
    try:
        began.save(file)
    except OSError as why:
        print(f"{began.beside(file).name} is not written: {why}", file=sys.stderr)


def _keep(records: list[Record], file: TextIO | None, record: Record) -> None:
    records.append(record)
    if file is not None:
        write(file, record)
        file.flush()
