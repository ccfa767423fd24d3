"""How fast the machine is, while something else runs: the same small work, timed again and again.

    python -m evidence.probe FILE

It ends once its standard input does, so it never outlives who started it. A process of its own: its
library of matrix products then has one thread (evidence.speed sees to that), and neither its lock
nor its end touches a study's.
"""

import select
import sys
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from evidence.speed import appended

EVERY_SECONDS = 0.5
SIZE, PRODUCTS, BEFORE = 128, 32, 4
"""Matrices of 64 KiB, which stay in a core's cache; so many products are about 2 ms on a processor
of 2025. Those before are not timed: they fetch what others have put out of the cache."""

Matrix = NDArray[np.float32]


def matrices() -> tuple[Matrix, Matrix]:
    """Always the same, of such a size that products neither vanish nor grow."""
    chance = np.random.default_rng(0)
    left, right = chance.standard_normal((2, SIZE, SIZE), dtype=np.float32) / SIZE**0.5
    return left, right


def work(left: Matrix, right: Matrix, products: int) -> None:
    """What a denoiser does, in small: a matrix product, and a function of each of its elements."""
    out = np.empty_like(left)
    for _ in range(products):
        np.matmul(left, right, out=out)
        np.maximum(out, 0, out=out)


def seconds(left: Matrix, right: Matrix) -> float:
    """Of processor time for one piece of work: what it waits for a processor does not count."""
    work(left, right, BEFORE)
    since = time.thread_time()
    work(left, right, PRODUCTS)
    return time.thread_time() - since


def main(path: Path) -> None:
    """A line now and every half second until standard input ends."""
    left, right = matrices()
    with appended(path) as file:
        ended = False
        while not ended:
            at = time.time()
            file.write(f"{at:.2f},{seconds(left, right):.6f}\n".encode())
            ended = bool(select.select([sys.stdin], [], [], EVERY_SECONDS)[0])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
