"""Start Redis and every process of the Procfile, show their log lines, stop all together."""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, NoReturn

import honcho.manager
from honcho.environ import parse_procfile

from services.contract.settings import PREFIX, Settings
from stack.formation import Formation, processes
from stack.redis_server import StackError, require_free, running

PROCFILE = Path("Procfile")
# Longer than a worker needs to hand its jobs back; honcho's own five seconds are not.
PATIENCE_SECONDS = 30


def pid_file(settings: Settings) -> Path:
    """Where `up` says who it is, for `down`."""
    return settings.home / "stack.pid"


def running_pid(settings: Settings) -> int | None:
    """The process of an `up` that is running, if one is: the one that holds the file's lock.

    A number alone could be another process's by now, after a crash.
    """
    try:
        with pid_file(settings).open("r+") as file:
            return _holder(file)
    except OSError:
        return None


def _holder(file: IO[str]) -> int | None:
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        text = file.read()
        return int(text) if text.isdigit() else None
    return None


@contextmanager
def _registered(settings: Settings) -> Iterator[None]:
    if (pid := running_pid(settings)) is not None:
        raise StackError(f"already up as process {pid}: `make down` stops it")
    path = pid_file(settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        # A lock of this process alone: the processes it forks do not inherit it.
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.write(str(os.getpid()))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _environment(settings: Settings) -> dict[str, str]:
    """That of the processes: this one's, with the Redis to use and this Python first on PATH."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {
        **os.environ,
        "PATH": path,
        "PYTHONUNBUFFERED": "1",
        PREFIX + "REDIS_URL": settings.redis_address,
    }


def _run_processes(settings: Settings, started: Sequence[tuple[str, str]]) -> int:
    honcho.manager.KILL_WAIT = PATIENCE_SECONDS
    manager = honcho.manager.Manager()
    for name, command in started:
        manager.add_process(name, command, env=_environment(settings))
    manager.loop()
    stopped = {128 + signal.SIGTERM, 128 + signal.SIGINT}
    return 0 if manager.returncode in stopped else manager.returncode or 0


def _stop(number: int, _frame: object) -> NoReturn:
    raise SystemExit(128 + number)


def up(settings: Settings, formation: Formation) -> int:
    """Run until told to stop or until a process fails; the exit status.

    Raises StackError, or BadFormation for a kind of process that there is not.
    """
    if not PROCFILE.exists():
        raise StackError("there is no Procfile here: run this in the project's folder")
    started = list(processes(parse_procfile(PROCFILE.read_text()).processes, formation))
    # Until honcho takes over: told to stop while Redis starts, stop Redis too.
    signal.signal(signal.SIGTERM, _stop)
    with _registered(settings):
        require_free(settings.gateway_host, settings.gateway_port, PREFIX + "GATEWAY_PORT")
        own = running(settings.redis_port, settings.home)
        with nullcontext() if settings.redis_url else own:
            return _run_processes(settings, started)
