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

from services.contract.settings import PREFIX
from stack.client import Gateway
from stack.formation import Formation, written

ROOT = Path(__file__).parent.parent
QUEUES = {"image-worker": "images", "story-worker": "stories"}
"""The queue that processes of a kind serve"""
READY_SECONDS, STOP_SECONDS, POLL_SECONDS = 300.0, 60.0, 0.2


class NotReady(RuntimeError):
    """The stack did not start; the message holds the end of its log."""


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

    Of this process's STORYTELLER_* variables none applies. Raises NotReady.
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
            with Gateway(f"http://127.0.0.1:{settings['gateway_port']}") as gateway:
                _await_ready(gateway, own.formation, process, log)
                yield gateway
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _settings(own: Own, home: Path) -> dict[str, object]:
    own.models.mkdir(parents=True, exist_ok=True)
    (home / "models").symlink_to(own.models.resolve())
    ports = {"gateway_port": _free_port(), "redis_port": _free_port()}
    return {**own.settings, **ports, "home": home}


def _environment(settings: Mapping[str, object]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return inherited | {PREFIX + name.upper(): str(value) for name, value in settings.items()}


def _await_ready(
    gateway: Gateway, formation: Formation, process: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while (missing := gateway.missing() or _lacking(gateway, formation)) is not None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotReady(
                f"the stack still waits for {missing}; its log ends with:\n"
                f"{log.read_text(errors='replace')[-2000:]}"
            )
        time.sleep(POLL_SECONDS)


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
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
