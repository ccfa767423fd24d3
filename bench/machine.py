"""The machine that is measured on: what it is, its clock, its threads, its processors' time."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import psutil
import torch

from worker.study.processor import processor


def describe(device: str) -> dict[str, Any]:
    """What a figure of this run depends on, besides the code."""
    return {
        "processor": processor(),
        "cores": os.cpu_count(),
        "accelerator": torch.cuda.get_device_name(device) if device != "cpu" else None,
        "omp_wait_policy": os.environ.get("OMP_WAIT_POLICY", "ACTIVE"),
        **{name: version(name) for name in ("torch", "diffusers", "transformers", "litserve")},
    }


def seconds(work: Callable[[], object], device: str) -> float:
    """How long `work` takes, the device's queue included: a GPU's calls return at once."""
    _await(device)
    start = time.perf_counter()
    work()
    _await(device)
    return time.perf_counter() - start


def _await(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize(device)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """Compute with `count` threads for the length of the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def processor_seconds(pid: int) -> float:
    """Processor time that a process and all it has started have used so far, in seconds."""
    process = psutil.Process(pid)
    times = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(time.user + time.system for time in times)
