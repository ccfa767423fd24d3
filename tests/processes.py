"""The project's processes as tests start them: with their own settings, their log on failure."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from services.contract.settings import PREFIX

ROOT = Path(__file__).parent.parent
STOP_SECONDS = 30


@dataclass
class Running:
    """A process and the file its log goes to."""

    process: subprocess.Popen[bytes]
    log: Path

    def text(self) -> str:
        """What the process has written so far."""
        return self.log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def stop(self) -> int:
        """Ask it to stop, and its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
        return self.process.wait(STOP_SECONDS)

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self.process.kill()
        self.process.wait(STOP_SECONDS)


def environment(**settings: object) -> dict[str, str]:
    """This environment with the `STORYTELLER_*` settings given, and no others."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    chosen = {PREFIX + name.upper(): str(value) for name, value in settings.items()}
    return {**inherited, **chosen, PREFIX + "LOG_FORMAT": "json"}


def start(log: Path, *module: str, **settings: object) -> Running:
    """`python -m <module…>` in the project's folder."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *module],
            cwd=ROOT,
            env=environment(**settings),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    return Running(process, log)


@contextmanager
def running(log: Path, *module: str, **settings: object) -> Iterator[Running]:
    """The same, stopped at the end of the block."""
    started = start(log, *module, **settings)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.stop()
