"""A stack of one's own for the length of a block: own ports and home, prepared models shared."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from services.contract.settings import PREFIX
from stack.client import Gateway
from stack.formation import Formation, written
from stack.stopping import stop

ROOT = Path(__file__).parent.parent
HOST = "127.0.0.1"
QUEUES = {"image-worker": "images", "story-worker": "stories"}
"""The queue that processes of a kind serve"""
READY_SECONDS, STOP_SECONDS, POLL_SECONDS = 300.0, 60.0, 0.2


class NotReady(RuntimeError):
    """The stack did not start, or ended by itself; the message holds the end of its log."""


@dataclass(frozen=True)
class Own:
    """`settings` by their names in services/contract/settings.py, beside ports and home;
    `models`: a home's folder of prepared models."""

    models: Path
    settings: Mapping[str, object] = field(default_factory=dict)
    formation: Formation = field(default_factory=dict)


@contextmanager
def running(own: Own, log: Path) -> Iterator[Gateway]:
    """Its gateway, once it is ready for jobs; stopped whatever happens in the block.

    Of this process's STORYTELLER_* variables none applies. Raises NotReady, also at the end of a
    block during which the stack ended by itself.
    """
    with tempfile.TemporaryDirectory() as folder, log.open("wb") as output:
        settings = _settings(own, Path(folder))
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "up", "--formation", written(own.formation)],
            cwd=ROOT,
            env=_environment(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the block: it stops what it does, then the stack is stopped.
            start_new_session=True,
        )
        try:
            with Gateway(f"http://{HOST}:{settings['gateway_port']}") as gateway:
                _await_ready(gateway, own.formation, process, log)
                yield gateway
                _check_alive(process, log)
        finally:
            stop(process, STOP_SECONDS)


def _settings(own: Own, home: Path) -> dict[str, object]:
    own.models.mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(own.models.resolve())
    ports = {"gateway_port": _free_port(), "redis_port": _free_port()}
    return {**own.settings, "gateway_host": HOST, **ports, "home": home}


def _environment(settings: Mapping[str, object]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return inherited | {PREFIX + name.upper(): str(value) for name, value in settings.items()}


def _await_ready(
    gateway: Gateway, formation: Formation, process: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while (missing := _missing(gateway, formation)) is not None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotReady(f"the stack still waits for {missing}; {_end(log)}")
        time.sleep(POLL_SECONDS)


def _check_alive(process: subprocess.Popen[bytes], log: Path) -> None:
    if (status := process.poll()) is not None:
        raise NotReady(f"the stack ended by itself with exit status {status}; {_end(log)}")


def _end(log: Path) -> str:
    return f"its log ends with:\n{log.read_text(errors='replace')[-2000:]}"


def _missing(gateway: Gateway, formation: Formation) -> str | None:
    """What is still waited for; a gateway that stumbles while its stack starts is asked again."""
    try:
        return gateway.missing() or _lacking(gateway, formation)
    except httpx.HTTPError as error:
        return f"a sound answer of the gateway ({error})"


def _lacking(gateway: Gateway, formation: Formation) -> str | None:
    """A gateway is ready with one worker of each kind; what is measured needs all of them."""
    queues = gateway.queue()["queues"]
    for kind, queue in QUEUES.items():
        wanted, found = formation.get(kind, 1), queues[queue]["workers"]
        if found < wanted:
            return f"{wanted - found} of {wanted} processes {kind}"
    return None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        return listener.getsockname()[1]
