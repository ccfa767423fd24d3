"""Seconds of a denoising step and of decoding a picture, each alone and beside the other in a
second thread: python beside.py, from the project's folder after `make`, on a quiet machine."""

import statistics
import threading
import time
from collections.abc import Callable

import torch

from services.contract.ladder import ImageLevel
from worker.batching.denoiser import Denoiser
from worker.batching.request import ImageRequest
from worker.image_worker import ILLUSTRATOR_THREADS, SHIPPED_ILLUSTRATOR

SECONDS = 5.0
ROUNDS = 3


def main() -> None:
    """Print medians over rounds in turn, in milliseconds."""
    torch.set_num_threads(ILLUSTRATOR_THREADS)
    denoiser = Denoiser.load(str(SHIPPED_ILLUSTRATOR), device="cpu")
    level = ImageLevel(sampler="ddim", steps=3, guidance_scale=3.0)
    image = denoiser.denoising(ImageRequest(prompt="a red fox in the snow", seed=1, level=level))
    denoiser.begin(image)
    latent = torch.randn(1, *image.shape)

    def step() -> None:
        denoiser.predict([image])

    def decode() -> None:
        denoiser.decode(latent)

    for each in (step, decode):
        each()
    for name, work, other in (("step", step, decode), ("decode", decode, step)):
        alone, beside = zip(*(measured(work, other) for _ in range(ROUNDS)), strict=True)
        print(
            f"{name:7} alone {1e3 * statistics.median(alone):5.1f} ms, "
            f"beside the other {1e3 * statistics.median(beside):5.1f} ms"
        )


def measured(work: Callable[[], None], other: Callable[[], None]) -> tuple[float, float]:
    """Seconds of the work alone, and while another thread does the other without a pause."""
    over = threading.Event()

    def keep_busy() -> None:
        while not over.is_set():
            other()

    alone = timed(work)
    company = threading.Thread(target=keep_busy)
    company.start()
    try:
        return alone, timed(work)
    finally:
        over.set()
        company.join()


def timed(work: Callable[[], None]) -> float:
    """Mean of as many as fit."""
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < SECONDS:
        work()
        count += 1
    return (time.perf_counter() - begun) / count


if __name__ == "__main__":
    main()
