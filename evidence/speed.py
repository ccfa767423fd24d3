"""The speed of the machine beside a stage, in its folder's speed.csv: kept by evidence.probe."""

import math
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from evidence.conditions import ROOT
from stack.stopping import stop

FILE, HEADER = "speed.csv", b"at,seconds\n"
"""When, in unix seconds, and the processor seconds that the same work took."""
STOP_SECONDS = 5.0
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""What libraries of matrix products read as they are loaded"""


@contextmanager
def probing(folder: Path) -> Iterator[None]:
    """Keep the speed of the machine in the folder's file meanwhile, after what is there. A stage
    must not fail for it: without a probe there are no lines."""
    probe = _started((folder / FILE).resolve())
    try:
        yield
    finally:
        if probe is not None:
            _ended(probe)


def _started(file: Path) -> subprocess.Popen[bytes] | None:
    with suppress(OSError):
        return subprocess.Popen(
            [sys.executable, "-m", "evidence.probe", str(file)],
            cwd=ROOT,
            env=os.environ | dict.fromkeys(ONE_THREAD, "1"),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # Ctrl-C is for the stage's command; the probe ends with this process, however it ends.
            start_new_session=True,
        )
    return None


def _ended(probe: subprocess.Popen[bytes]) -> None:
    if probe.stdin is not None:
        probe.stdin.close()
    stop(probe, STOP_SECONDS)


@contextmanager
def appended(path: Path) -> Iterator[BinaryIO]:
    """The file, for whole lines more; a line that a crash cut short is taken away. Raises
    OSError."""
    with path.open("a+b", buffering=0) as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        if not path.stat().st_size:
            file.write(HEADER)
        yield file


def read(path: Path) -> list[tuple[float, float]]:
    """(at, seconds) of each whole line; none without a file. Raises OSError."""
    if not path.exists():
        return []
    whole, _, _ = path.read_bytes().rpartition(b"\n")
    found = (_row(line) for line in whole.decode(errors="replace").splitlines())
    return [row for row in found if row is not None]


def _row(line: str) -> tuple[float, float] | None:
    """None for what is no measurement."""
    try:
        at, seconds = map(float, line.split(","))
    except ValueError:
        return None
    return (at, seconds) if math.isfinite(at) and 0 < seconds < math.inf else None
