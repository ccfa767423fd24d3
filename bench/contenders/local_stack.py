"""The whole project as `python -m stack up` starts it, with a Redis and a home of its own."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.conditions import ROOT, SHIPPED, Conditions
from services.contract.settings import PREFIX
from stack.client import Gateway

READY_SECONDS, STOP_SECONDS, POLL_SECONDS = 300.0, 60.0, 0.2
MODELS = ROOT / ".storyteller" / "models"


class NotReady(RuntimeError):
    """The stack did not start; the message holds the end of its log."""


@contextmanager
def running(conditions: Conditions, log: Path) -> Iterator[Gateway]:
    """Its gateway, once it is ready for jobs; it shares the models that are prepared already."""
    with tempfile.TemporaryDirectory() as folder, log.open("wb") as output:
        home = Path(folder)
        MODELS.mkdir(parents=True, exist_ok=True)
        (home / "models").symlink_to(MODELS)
        settings = _settings(conditions, home)
        process = subprocess.Popen(
            [sys.executable, "-m", "stack", "up"],
            cwd=ROOT,
            env=_environment(settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            with Gateway(f"http://127.0.0.1:{settings['gateway_port']}") as gateway:
                _await_ready(gateway, process, log)
                yield gateway
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def _settings(conditions: Conditions, home: Path) -> dict[str, object]:
    own = {"image_model": conditions.model} if conditions.model != str(SHIPPED) else {}
    return own | {
        "home": home,
        "gateway_port": _free_port(),
        "redis_port": _free_port(),
        "device": conditions.device,
    }


def _environment(settings: dict[str, object]) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return inherited | {PREFIX + name.upper(): str(value) for name, value in settings.items()}


def _await_ready(gateway: Gateway, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while (missing := gateway.missing()) is not None:
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotReady(
                f"the stack still waits for {missing}; its log ends with:\n"
                f"{log.read_text(errors='replace')[-2000:]}"
            )
        time.sleep(POLL_SECONDS)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
