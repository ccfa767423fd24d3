"""The batching engine as queueing theory sees it: its speed depends on how many share it."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from services.contract.profile import BatchLaw

NO_LIMIT = 100_000
"""A cap from which on there is none."""


class Engine(NamedTuple):
    """k workers that advance up to `law.cap` jobs each, together.

    A step of b jobs takes τ(b) = τ0 + τ1·b, so a worker completes φ(b) = b / (S·slowdown(b)) jobs
    a second, where S = `work` is the mean of a job, in seconds alone in a worker.
    """

    work: float
    law: BatchLaw
    workers: int = 1

    @property
    def places(self) -> int:
        """Jobs that can advance at a time."""
        return self.workers * self.law.cap

    @property
    def unlimited(self) -> bool:
        """Whether every job advances at once, so that none waits."""
        return self.law.cap >= NO_LIMIT

    @property
    def stable_rate(self) -> float:
        """kφ(c): arrivals a second from which on the queue grows without bound; without a limit
        that of c → ∞, which is infinite where a job more costs nothing."""
        if self.unlimited:
            each = self.law.tau1 * self.work / (self.law.tau0 + self.law.tau1)
            return self.workers / each if each else math.inf
        return self.workers * self.law.speedup / self.work

    def alone(self, together: NDArray[np.int64]) -> NDArray[np.float64]:
        """φ(b): jobs a second that one worker completes with so many, at most the cap."""
        tau0, tau1 = self.law.tau0, self.law.tau1
        slowdown = (tau0 + tau1 * np.maximum(together, 1)) / (tau0 + tau1)
        return together / (self.work * slowdown)

    def spread(self, jobs: NDArray[np.int64]) -> NDArray[np.float64]:
        """Jobs a second that all complete with so many, spread evenly over the workers."""
        fewer, crowded = np.divmod(np.minimum(jobs, self.places), self.workers)
        return (self.workers - crowded) * self.alone(fewer) + crowded * self.alone(fewer + 1)
