"""The UNet compiled, for a few batch sizes and the model's own picture size."""

import os
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor
from torch._inductor.runtime.cache_dir_utils import cache_dir

from worker.batching.checkpoint import ModelError
from worker.batching.unet import Inputs, ask

BACKEND = "inductor"
"""What torch.compile turns the UNet into."""
RUNS = 3
"""Calls until a batch size is warm: CUDA graphs warm up in the first and record in the second."""
PADDING = {"cpu": 1.15, "cuda": 2.0}
"""Times as many rows that padding may make of a batch. A compiled UNet is about 1.2 times as fast
on a CPU, where every row costs; on a GPU small batches cost what the next larger ones do."""
RECOMPILE_LIMIT = 10**4
"""Dynamo gives up after 8 sizes and variants, unless told otherwise, and says nothing."""


class Compiled:
    """Answers as the UNet does, padding a batch to the next size that is warm. What no warm size
    fits, or only with more padding than it is worth, and other picture sizes go through the UNet
    as it was loaded: compiling takes longer than a picture."""

    def __init__(self, unet: UNet2DConditionModel) -> None:
        # For good: what was compiled under one limit is compiled again under another.
        torch.compiler.config.recompile_limit = RECOMPILE_LIMIT
        torch.compiler.config.accumulated_recompile_limit = RECOMPILE_LIMIT
        self.unet = unet
        self._compiled = torch.compile(
            unet, backend=BACKEND, dynamic=False, mode=_mode(unet.device)
        )
        self._warm: dict[torch.Size, list[int]] = {}

    def __call__(self, inputs: Inputs) -> Tensor:
        """(rows, channels, height, width) of the UNet's dtype."""
        inputs, rows = inputs.to(self.unet.dtype), len(inputs.latents)
        warm = self._warm.get(inputs.latents.shape[1:], [])
        most = rows * PADDING[self.unet.device.type]
        fitting = [size for size in warm if rows <= size <= most]
        if not fitting:
            return ask(self.unet, inputs)
        answer = ask(self._compiled, inputs.padded(fitting[0]))
        return answer[:rows].clone()  # a CUDA graph writes the next answer over this one

    def warm(self, inputs: Inputs, rows: int) -> None:
        """Compile for pictures like that of `inputs`, and batches of up to `rows` rows. Call it in
        the thread that will ask. ModelError says what to do if it cannot be compiled."""
        row = inputs.to(self.unet.dtype)
        with _quietly():
            for size in sizes(rows):
                self._compile(row.padded(size))
                self._warm.setdefault(row.latents.shape[1:], []).append(size)

    def _compile(self, inputs: Inputs) -> None:
        try:
            for _ in range(RUNS):
                ask(self._compiled, inputs)
        except Exception as error:  # of the compiler, its backend or what they start
            raise ModelError(
                f"The denoiser cannot be compiled ({error}). Set STORYTELLER_COMPILE=off; or, if a "
                f"start was cut short before, remove what it left in {cache_dir()} and try again."
            ) from error


def sizes(rows: int) -> list[int]:
    """The batch sizes to compile for batches of up to `rows`: powers of two."""
    return [2**power for power in range((rows - 1).bit_length() + 1)]


def check_compiler(device: torch.device) -> None:
    """ModelError says which compiler is missing: g++ for a CPU, any C compiler for a GPU."""
    wanted = ("gcc", "clang", "cc") if device.type == "cuda" else ("g++",)
    named = os.environ.get("CC" if device.type == "cuda" else "CXX")
    if not any(shutil.which(name) for name in ((named,) if named else wanted)):
        raise ModelError(
            f"STORYTELLER_COMPILE=on needs {named or wanted[0]}, which is not there. "
            "Install it (apt-get install g++), or set STORYTELLER_COMPILE=off."
        )


def _mode(device: torch.device) -> str | None:
    """CUDA graphs, which spare a GPU the wait for the CPU."""
    return "reduce-overhead" if device.type == "cuda" and BACKEND == "inductor" else None


@contextmanager
def _quietly() -> Iterator[None]:
    """Without Dynamo's warning of a cached function: diffusers caches what version torch has."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Dynamo detected a call to a `functools.lru_")
        yield
