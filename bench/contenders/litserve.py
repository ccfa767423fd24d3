"""LitServe in processes of its own, over HTTP."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from bench.conditions import ROOT, Conditions
from bench.machine import processor_seconds
from bench.orders import Order

READY_SECONDS, STOP_SECONDS, POLL_SECONDS = 180.0, 15.0, 0.1


class NotServing(RuntimeError):
    """The server did not start; the message holds the end of its log."""


class LitServeContender:
    """A running server; a context manager. Any thread may `draw`.

    It holds still but in `working`: its idle loop asks its queue a thousand times a second, and
    would take that time from whoever is measured beside it.
    """

    def __init__(self, conditions: Conditions, log: Path, *, blanks: bool = False) -> None:
        self._argument = asdict(conditions) | {"port": _free_port(), "blanks": blanks}
        self._log = log
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{self._argument['port']}",
            timeout=None,
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
        )

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "bench.contenders.litserve_app"]
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                [*command, json.dumps(self._argument)],
                cwd=ROOT,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            self._await_ready()
        except BaseException:
            self._stop()
            raise
        self._signal(signal.SIGSTOP)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._http.close()
        self._stop()

    @contextmanager
    def working(self) -> Iterator[Self]:
        """The server, running for the length of the block."""
        self._signal(signal.SIGCONT)
        try:
            yield self
        finally:
            self._signal(signal.SIGSTOP)

    @property
    def pid(self) -> int:
        """The process that started all others of the server."""
        return self._process.pid

    def draw(self, order: Order) -> bytes:
        """Post the order, and the PNG file that comes back."""
        body = {
            "prompt": order.prompt,
            "seed": order.seed,
            "level": order.level.model_dump(mode="json"),
        }
        return self._http.post("/predict", json=body).raise_for_status().content

    def processor_seconds(self) -> float:
        """Processor time that the server's processes have used so far."""
        return processor_seconds(self._process.pid)

    def _await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise NotServing(
                    f"LitServe did not start; its log ends with:\n{self._log.read_text()[-2000:]}"
                )
            time.sleep(POLL_SECONDS)

    def _ready(self) -> bool:
        try:
            return self._http.get("/health").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    def _signal(self, number: signal.Signals) -> None:
        os.killpg(self._process.pid, number)

    def _stop(self) -> None:
        if self._process.poll() is None:
            self._signal(signal.SIGTERM)
            self._signal(signal.SIGCONT)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(STOP_SECONDS)
        self._end_whoever_is_left()

    def _end_whoever_is_left(self) -> None:
        try:
            self._signal(signal.SIGKILL)
        except ProcessLookupError:
            return
        self._process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
