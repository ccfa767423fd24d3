"""The processes that share one training: one thread each on a CPU, one alone on a GPU.

One thread a process and one exchange of gradients a step keep a busy machine usable: the threads
of one process would wait for each other at every layer.
"""

import os
import socket
from collections.abc import Callable

import torch
import torch.distributed as dist
from torch import nn


def count_for(device: str) -> int:
    """How many processes train: one a core on a CPU, at most four; one on a GPU."""
    return min(4, os.cpu_count() or 1) if device == "cpu" else 1


def _entry(rank: int, task: Callable, count: int, argument: object) -> None:
    if count > 1:
        torch.set_num_threads(1)
    try:
        task(rank, count, argument)
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()


def spawn(task: Callable, count: int, argument: object) -> None:
    """Runs task(rank, count, argument) in `count` processes, and waits for all of them."""
    if count == 1:
        _entry(0, task, 1, argument)
        return
    os.environ["MASTER_ADDR"] = "127.0.0.1"
    os.environ["MASTER_PORT"] = str(_free_port())
    torch.multiprocessing.spawn(_entry, (task, count, argument), nprocs=count)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Team:
    """Processes that take every step together."""

    def __init__(self, rank: int, count: int) -> None:
        self.rank, self.count = rank, count
        if count > 1:
            dist.init_process_group("gloo", rank=rank, world_size=count)

    def average_gradients(self, parameters: list[nn.Parameter]) -> None:
        """Replaces each gradient by its mean over the processes."""
        if self.count == 1:
            return
        flat = torch.cat([parameter.grad.reshape(-1) for parameter in parameters])
        dist.all_reduce(flat)
        flat /= self.count
        sizes = [parameter.numel() for parameter in parameters]
        for parameter, piece in zip(parameters, flat.split(sizes), strict=True):
            parameter.grad = piece.view_as(parameter)

    def agree(self, share: float) -> float:
        """The first process's number, so that all of them stop at the same step."""
        if self.count == 1:
            return share
        told = torch.tensor([share], dtype=torch.float64)
        dist.broadcast(told, 0)
        return told.item()
