"""One storybook from a prompt, on this machine: starts what is not running and stops it again."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

from services.contract.settings import Settings
from stack.client import Event, Gateway
from stack.redis_server import StackError
from stack.stopping import stop

PROMPT = "a little fox who finds a friend in the snow"
READY_SECONDS = 300.0
POLL_SECONDS = 0.25
STOP_SECONDS = 60.0

console = Console(highlight=False, soft_wrap=True)


@contextmanager
def _stack(settings: Settings, gateway: Gateway) -> Iterator[None]:
    """The system, running and ready, for the length of the block."""
    if gateway.missing() != "the gateway":
        console.print(f"Using what runs at {gateway.url}.")
        yield
        return
    log = settings.home / "logs" / "demo.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    console.print(f"Starting Redis, gateway, workers and controller; their log is {log}")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "up"], stdout=output, stderr=subprocess.STDOUT
        )
    try:
        _await_ready(gateway, process, log)
        yield
    finally:
        stop(process, STOP_SECONDS)
        console.print("Stopped what was started.")


def _await_ready(gateway: Gateway, process: subprocess.Popen[bytes], log: Path) -> None:
    started = time.monotonic()
    with console.status("") as status:
        while (missing := gateway.missing()) is not None:
            if process.poll() is not None:
                raise StackError(f"a process did not start:\n{_tail(log)}")
            if time.monotonic() - started > READY_SECONDS:
                raise StackError(f"after {READY_SECONDS:.0f} s still waiting for {missing}")
            status.update(f"waiting for {missing}")
            time.sleep(POLL_SECONDS)
    console.print(f"Ready after {time.monotonic() - started:.1f} s.\n")


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


class Display:
    """Shows a book's events as they come: pages as text, work as progress bars."""

    def __init__(self, gateway: Gateway, progress: Progress, pages: int) -> None:
        self._gateway = gateway
        self._progress = progress
        self._text = progress.add_task("writing the story", total=pages)
        self._drawing: dict[str, TaskID] = {}

    def show(self, event: Event) -> None:
        """One event of the book."""
        handler = getattr(self, f"_on_{event.type}", None)
        if handler is not None:
            handler(event.data)
        self._refresh()

    def _on_level(self, data: dict[str, Any]) -> None:
        self._progress.print(f"[dim]level {data['level']['name']}: {data['reason']}[/]\n")

    def _on_page(self, data: dict[str, Any]) -> None:
        if data["number"] == 1:
            self._progress.print(f"[bold]{data['title']}[/]\n")
        self._progress.print(f"{data['number']}. {data['text']}\n")
        self._progress.update(self._text, completed=data["number"])

    def _on_ordered(self, data: dict[str, Any]) -> None:
        if data["job"] not in self._drawing:  # another attempt orders it again
            label = f"drawing page {data['page']}"
            self._drawing[data["job"]] = self._progress.add_task(label, total=None)

    def _on_picture(self, data: dict[str, Any]) -> None:
        task = self._drawing.pop(data["job"])
        label = f"drew “{data['prompt']}” at {data['level']}"
        self._progress.update(task, description=label, total=1, completed=1)

    def _refresh(self) -> None:
        for job_id, task in self._drawing.items():
            steps = self._gateway.job(job_id)["progress"]
            if steps:
                self._progress.update(task, total=steps["total"], completed=steps["done"])


def _follow(gateway: Gateway, job_id: str, pages: int) -> None:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as progress:
        display = Display(gateway, progress, pages)
        for event in gateway.events(job_id):
            display.show(event)


def _keep(gateway: Gateway, job: dict[str, Any], settings: Settings) -> Path:
    """Save the book under its title, and say where it is and what it took."""
    result, folder = job["result"], settings.home / "books"
    folder.mkdir(parents=True, exist_ok=True)
    title = re.sub(r"[^a-z0-9]+", "-", result["story"]["title"].lower()).strip("-") or "book"
    path = folder / f"{title}-{job['id'][:6]}.html"
    path.write_bytes(gateway.artifact(job["id"], "storybook.html"))
    drawn = ", ".join(f"{p['level']} {p['seconds']:.1f} s" for p in result["pictures"])
    console.print(f"\nWritten at {job['level']['name']} in {result['text_seconds']:.1f} s.")
    console.print(f"Drawn at {drawn}, {result['strategy']}: {result['strategy_reason']}.")
    console.print(f"The first picture was there after {result['first_picture_seconds']:.1f} s.")
    console.print(f"The whole book took {result['total_seconds']:.1f} s.")
    console.print(f"[bold]Read it: {path.resolve().as_uri()}[/]", soft_wrap=True)
    return path


def demo(settings: Settings, request: dict[str, Any]) -> int:
    """Make the storybook that is asked for and say where it is; the exit status."""
    address = f"http://{settings.gateway_host}:{settings.gateway_port}"
    with Gateway(address) as gateway, _stack(settings, gateway):
        job = gateway.submit(request)
        console.print(f"“{escape(request['prompt'])}” is job {job['id']}.\n")
        _follow(gateway, job["id"], request["pages"])
        finished = gateway.job(job["id"])
        if finished["status"] != "succeeded":
            console.print(f"The job {finished['status']}: {finished['error']}")
            return 1
        _keep(gateway, finished, settings)
    return 0
