"""Training by the clock: a stage takes its minutes, and goes on where it stopped."""

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from tqdm import tqdm

SAVE_EVERY_SECONDS = 120


@dataclass(frozen=True)
class Stage:
    """Where and how long one part of the training runs."""

    name: str
    minutes: float
    device: str
    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The file that holds the stage's state between runs."""
        return self.folder / f"{self.name}.pt"


@dataclass
class Run:
    """A stage in progress: the modules whose state is kept, and the time they have had."""

    stage: Stage
    state: dict[str, torch.nn.Module | torch.optim.Optimizer]
    spent: float = 0.0
    steps: int = 0

    def restore(self) -> None:
        """Loads the checkpoint where there is one."""
        if not self.stage.checkpoint.exists():
            return
        saved = torch.load(self.stage.checkpoint, map_location=self.stage.device)
        for name, part in self.state.items():
            part.load_state_dict(saved["state"][name])
        self.spent, self.steps = saved["spent"], saved["steps"]

    def save(self) -> None:
        """Writes the checkpoint in one piece: a stop in the middle leaves the old one."""
        self.stage.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.stage.checkpoint.with_suffix(".new")
        state = {name: part.state_dict() for name, part in self.state.items()}
        torch.save({"state": state, "spent": self.spent, "steps": self.steps}, fresh)
        fresh.replace(self.stage.checkpoint)

    def paced(
        self, lead: bool = True, agree: Callable[[float], float] = float
    ) -> Iterator[tuple[float, tqdm]]:
        """Yields (share of the time spent, progress bar) once a step until the time is up.

        Where several processes train together, the leading one saves and shows progress, and
        `agree` turns a process's own share into the one that all of them use.
        """
        saved_at = last = time.monotonic()
        total = self.stage.minutes * 60
        with _bar(self.stage.name, self.spent / total, lead) as bar:
            while (share := agree(self.spent / total)) < 1:
                bar.n = share
                yield share, bar
                self.steps += 1
                now = time.monotonic()
                self.spent, last = self.spent + now - last, now
                if lead and now - saved_at > SAVE_EVERY_SECONDS:
                    self.save()
                    saved_at = now
        if lead:
            self.save()


def _bar(name: str, done: float, shown: bool) -> tqdm:
    layout = "{desc}: {percentage:3.0f}%|{bar:20}| {elapsed}<{remaining} {postfix}"
    shape = {"bar_format": layout, "mininterval": 5, "disable": not shown}
    return tqdm(total=1.0, initial=min(done, 1.0), desc=name, **shape)


def attention_kernels(device: str) -> AbstractContextManager:
    """Plain matrix products on a CPU: its fused kernel takes ten times as long backwards."""
    fused = [SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION]
    return sdpa_kernel([SDPBackend.MATH] if device == "cpu" else [*fused, SDPBackend.MATH])


def set_rate(optimizer: torch.optim.Optimizer, share: float, warm_up: float = 0.01) -> None:
    """Linear warm-up, then a cosine to nearly zero, over the share of the time spent."""
    scale = min(1.0, (share + 1e-4) / warm_up) * (0.02 + 0.49 * (1 + math.cos(math.pi * share)))
    for group in optimizer.param_groups:
        group["lr"] = group.setdefault("peak", group["lr"]) * scale


def follow(averaged: torch.nn.Module, trained: torch.nn.Module, steps: int, decay: float) -> None:
    """Moves the exponential moving average; early on it follows faster."""
    rate = 1 - min(decay, (1 + steps) / (10 + steps))
    with torch.no_grad():
        for slow, fast in zip(averaged.parameters(), trained.parameters(), strict=True):
            slow.lerp_(fast.detach(), rate)
