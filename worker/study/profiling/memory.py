"""The most memory that was held while something was done."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

MB = 2**20
_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""What makes Linux begin anew with VmHWM (proc_pid_clear_refs(5))."""
_SLACK_MB = 8
"""Linux counts a thread's pages a few at a time."""


@dataclass
class Peak:
    """`mb`: MiB, allocated on the GPU where there is one, else resident of the whole process with
    its libraries; None until the end, and where the system does not tell."""

    mb: float | None = None


@contextlib.contextmanager
def peak_memory() -> Iterator[Peak]:
    """The most that was held inside the block.

    A container may not be allowed to begin anew with its peak. Then only what rises above all that
    the process ever held is known, and the rest is None.
    """
    peak = Peak()
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        yield peak
        peak.mb = torch.cuda.max_memory_allocated() / MB
        return
    with contextlib.suppress(OSError):
        _CLEAR_REFS.write_text(_RESET_PEAK)
    before = _told()
    yield peak
    peak.mb = risen(before, _told())


def risen(before: dict[str, float], after: dict[str, float]) -> float | None:
    """The peak in MiB from two readings of the process; None where it cannot be known."""
    if "VmHWM" not in after:
        return None
    begun_anew = before["VmHWM"] <= before["VmRSS"] + _SLACK_MB
    return after["VmHWM"] if begun_anew or after["VmHWM"] > before["VmHWM"] else None


def _told() -> dict[str, float]:
    """What Linux says of this process's memory, in MiB by name; nothing elsewhere."""
    if not _STATUS.is_file():
        return {}
    lines = (line.split() for line in _STATUS.read_text().splitlines())
    return {line[0].rstrip(":"): int(line[1]) / 1024 for line in lines if line[-1:] == ["kB"]}
