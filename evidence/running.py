"""Runs a stage: its command lines as processes in the project's folder, its stacks beside them."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path

from evidence import live, speed
from evidence.conditions import ROOT
from evidence.stages import Command, Session, Stage, shown
from services.contract import profile
from services.contract.profile import Profile, ProfileError
from stack.own import NotReady

STOP_SECONDS, LOOK_SECONDS, TAIL_LINES = 60.0, 0.5, 15
ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE", "PYTHONUNBUFFERED": "1"}
"""Threads that spin while they wait starve whatever else runs on a small machine."""

Tell = Callable[[str], None]


class StageFailed(RuntimeError):
    """A command of a stage did not succeed, or its stack did not start; says which and why."""


@dataclass
class Attempt:
    """One attempt at a stage: where it writes, and the command lines that it has run so far.

    `out` is the study's folder, `told` how it is written in commands; `tell` hears what goes on.
    """

    out: Path
    told: str
    tell: Tell
    commands: list[str] = field(default_factory=list)

    def run(self, stage: Stage) -> None:
        """All of it. Raises StageFailed."""
        folder = self.out / stage.name
        folder.mkdir(parents=True, exist_ok=True)
        log = self.out / f"{stage.name}.log"
        log.unlink(missing_ok=True)
        with nullcontext() if stage.derived else speed.probing(folder):
            for session in stage.sessions:
                self._session(session, folder, log)
        log.unlink(missing_ok=True)
        _drop_empty(folder)

    def _session(self, session: Session, folder: Path, log: Path) -> None:
        with self._beside(session, folder) as url:
            for command in session.commands:
                self._command(command, url, log)

    @contextmanager
    def _beside(self, session: Session, folder: Path) -> Iterator[str]:
        """The address of the session's stack, if it has one."""
        if session.stack is None:
            yield ""
            return
        self.commands.append(live.shown(session.stack, self._brief(self.told)))
        log = folder / session.folder / "stack.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        self.tell("starting a stack")
        try:
            with live.running(session.stack, self.out, log) as gateway:
                yield gateway.url
        except NotReady as error:
            raise StageFailed(str(error)) from error
        log.unlink(missing_ok=True)

    def _command(self, command: Command, url: str, log: Path) -> None:
        try:
            arguments = command.filled(url, self._profile(command))
        except ProfileError as error:
            raise StageFailed(str(error)) from error
        line = self._brief(shown([_general(each, url) for each in arguments], command.environment))
        self.commands.append(line)
        status = _run(arguments, command.environment, log, self.tell)
        if status:
            raise StageFailed(
                f"exit status {status} of\n  {line}\n"
                f"Its output ({self._brief(f'{self.told}/{log.name}')}) ends with:\n{_tail(log)}"
            )

    def _profile(self, command: Command) -> Profile | None:
        path = self.out / "profile" / "profile.json"
        return profile.load(path) if command.needs_profile else None

    def _brief(self, text: str) -> str:
        """Without this machine's paths."""
        return text if Path(self.told) != self.out else text.replace(self.told, "OUT")


def _drop_empty(folder: Path) -> None:
    """The folder of a stage that left nothing there: how fast the machine was is no result."""
    if {each.name for each in folder.iterdir()} <= {speed.FILE}:
        (folder / speed.FILE).unlink(missing_ok=True)
        folder.rmdir()


def _general(argument: str, url: str) -> str:
    return "http://127.0.0.1:8000" if url and argument == url else argument


def _run(arguments: Sequence[str], environment: Mapping[str, str], log: Path, tell: Tell) -> int:
    """A command's exit status; on Ctrl-C it is asked to stop as by Ctrl-C, and waited for."""
    started = {**ENVIRONMENT, **os.environ, **environment}
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=started,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C reaches it once, from here, in its turn.
            start_new_session=True,
        )
    try:
        while process.poll() is None:
            tell(_last_line(log))
            _wait(process)
    finally:
        _stop(process)
    return process.returncode


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return


def _stop(process: subprocess.Popen[bytes]) -> None:
    """As a terminal does at Ctrl-C: the command and all that it started; killed if it stays.

    That it stayed is not raised: it would replace the Ctrl-C that this is for.
    """
    if process.poll() is not None:
        return
    os.killpg(process.pid, signal.SIGINT)
    try:
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _last_line(log: Path) -> str:
    """What was written last; a bar writes its line anew with carriage returns."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 400))
        lines = file.read().decode(errors="replace").replace("\r", "\n").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
