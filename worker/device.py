"""What an error says of the device: that its memory ran out, or that it is lost to this process."""

import torch

MEMORY = ("out of memory", "can't allocate memory", "ALLOC_FAILED")
"""How torch says it beside OutOfMemoryError: CUDA's own words, a CPU's, and cuBLAS's."""
CUDA = ("CUDA error", "CUDA driver error", "cuDNN error", "Triton Error [CUDA]")
"""How errors of the device begin: of CUDA's runtime and cuBLAS, its driver, cuDNN and Triton."""
PASSING = (
    "NOT_SUPPORTED",
    "INVALID_VALUE",
    "BAD_PARAM",
    "no kernel image",
    "invalid argument",
    "invalid configuration",
)
"""CUDA errors of one call that leave the next one as it was."""


class DeviceLost(RuntimeError):
    """The device answers this process no more; a new process may use it."""


def memory_ran_out(error: BaseException) -> bool:
    """Whether fewer at a time might do."""
    return isinstance(error, torch.OutOfMemoryError) or _says(error, MEMORY)


def lost(error: BaseException) -> bool:
    """Whether every later call fails too.

    After a device-side assert, an illegal access, an ECC error and their like, CUDA answers each
    call with the same error until the process has ended (CUDA Runtime API, cudaError_t).
    """
    if memory_ran_out(error) or _says(error, PASSING):
        return False
    return isinstance(error, torch.AcceleratorError) or _says(error, CUDA)


def free_memory() -> None:
    """Give cached blocks back, once the error is gone that holds on to what it failed with."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def _says(error: BaseException, phrases: tuple[str, ...]) -> bool:
    return isinstance(error, RuntimeError) and any(phrase in str(error) for phrase in phrases)
