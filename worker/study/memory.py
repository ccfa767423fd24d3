"""The most memory that was held between two moments."""

import contextlib
from pathlib import Path

import torch

MB = 2**20
_STATUS = Path("/proc/self/status")
_CLEAR_REFS = Path("/proc/self/clear_refs")
_RESET_PEAK = "5"
"""What makes Linux begin anew with VmHWM (proc_pid_clear_refs(5))."""


def forget_peak() -> None:
    """Begin anew: of the GPU where there is one, else of this process."""
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
        return
    with contextlib.suppress(OSError):
        _CLEAR_REFS.write_text(_RESET_PEAK)


def peak_mb() -> float | None:
    """MiB since `forget_peak`: allocated on the GPU, else resident of the whole process with its
    libraries; None where the system does not tell."""
    if torch.cuda.is_available():
        return torch.cuda.max_memory_allocated() / MB
    if not _STATUS.is_file():
        return None
    told = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines() if ":" in line)
    return int(told["VmHWM"].split()[0]) / 1024 if "VmHWM" in told else None
