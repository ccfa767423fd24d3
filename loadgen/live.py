"""What is going on, in a terminal, while it goes on."""

import asyncio
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import aiohttp
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text

from loadgen.metrics import percentile
from loadgen.record import SUCCEEDED, Record

LOOK_SECONDS = 1.0
OK = 200


class View:
    """Counts the records it hears of and shows them; silent where nobody looks."""

    def __init__(self, total: int, *, quiet: bool, label: str = "") -> None:
        self._last: dict[int, Record] = {}
        self._responses: list[float] = []
        self._queue: dict[str, Any] = {}
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
        )
        self._task = self._bar.add_task(label, total=total)
        self._told = Text()
        console = Console(stderr=True)
        self._live = (
            None
            if quiet or not console.is_terminal
            else Live(Group(self._bar, self._told), console=console)
        )
        self._shown = 0.0

    def __enter__(self) -> "View":
        if self._live:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live:
            self._show()
            self._live.stop()

    def tell(self, record: Record) -> None:
        """Hear of a record that changed."""
        self._last[record.number] = record
        if record.status == SUCCEEDED and record.response is not None:
            self._responses.append(record.response)
        if self._live and time.monotonic() - self._shown > 0.25:
            self._show()

    async def watch(self, url: str) -> None:
        """Look at the gateway's queue every second, if there is one at this address."""
        async with aiohttp.ClientSession() as session:
            while self._live:
                with suppress(aiohttp.ClientError, TimeoutError, ValueError):
                    async with session.get(f"{url}/v1/queue") as answer:
                        self._queue = await answer.json() if answer.status == OK else {}
                await asyncio.sleep(LOOK_SECONDS)

    def _show(self) -> None:
        self._shown = time.monotonic()
        status = Counter(record.status for record in self._last.values())
        ended = sum(status.values()) - status["accepted"] - status["unsent"]
        self._bar.update(self._task, completed=ended)
        self._told.plain = self._text(status)

    def _text(self, status: Counter[str]) -> str:
        ordered = sorted(self._responses)
        times = [f"p{p} {percentile(ordered, p):.2f} s" for p in (50, 95)] if ordered else []
        level = (self._queue.get("level") or {}).get("name")
        queue = [f"depth {self._queue['depth']}", f"level {level}"] if self._queue else []
        counts = [
            f"{len(self._last)} sent",
            f"{status['accepted']} outstanding",
            f"{status[SUCCEEDED]} done",
            f"{len(self._last) - status['accepted'] - status[SUCCEEDED] - status['unsent']} missed",
        ]
        return " · ".join((*counts, *queue, *times))
