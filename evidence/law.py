"""What a picture takes in a worker: seconds of its own, and steps that it shares. Pure.

    T(n, b) = apart + n·(τ0 + τ1·b)

n steps, each with b pictures in it; `apart` is what does not happen in steps: reading the prompt,
decoding, and, of a served picture, its way through gateway, queue and files.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from controller.queueing.refusal import BadInput
from services.contract.profile import BatchLaw, Interval, Timing
from services.contract.timings import kept

CONFIDENCE = 0.95
LEAST_SETTINGS = 4


@dataclass(frozen=True)
class EngineLaw:
    """`apart` in seconds a picture, `tau0` and `tau1` in seconds a step, with 95 % intervals."""

    apart: Interval
    tau0: Interval
    tau1: Interval
    cap: int
    observations: int

    @property
    def batch(self) -> BatchLaw:
        """How pictures slow each other's steps."""
        return BatchLaw(tau0=self.tau0.value, tau1=self.tau1.value, cap=self.cap)

    def work(self, steps: int) -> float:
        """Seconds of a picture's steps, alone in the engine."""
        return steps * (self.tau0.value + self.tau1.value)

    def alone(self, steps: int) -> float:
        """Seconds of a picture that meets no other."""
        return self.apart.value + self.work(steps)

    def limit(self, steps: int) -> float:
        """Pictures a second that one worker can keep up with."""
        batch = self.batch
        return batch.speedup / self.work(steps)


def offline(timings: Sequence[Timing], cap: int) -> EngineLaw:
    """The law of a profile's timings: b pictures submitted together until the last is there.

    They end together and are decoded one after the other: b·apart + n·(τ0 + τ1·b) seconds. Least
    squares of relative errors. Raises BadInput for fewer than four settings of steps and batch, or
    with only one step count or batch size.
    """
    rows = [(t.steps, t.batch, seconds) for t in timings for seconds in kept(t.seconds)]
    settings = {(steps, batch) for steps, batch, _ in rows}
    if len(settings) < LEAST_SETTINGS or any(len({s[i] for s in settings}) < 2 for i in (0, 1)):
        raise BadInput(
            f"an engine's law needs {LEAST_SETTINGS} settings of steps and batch size, with two of "
            "each: measure more with python -m worker.study profile --steps … --batches …"
        )
    steps, together, seconds = np.array(rows, float).T
    design = np.column_stack([together, steps, steps * together])
    return law_of(*_relative(design, seconds), cap=cap)


def _relative(
    design: NDArray[np.float64], seconds: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Coefficients that minimise the squares of relative errors, standard errors, observations."""
    weighted = design / seconds[:, None]
    found, *_ = np.linalg.lstsq(weighted, np.ones(len(seconds)), rcond=None)
    return found, standard_errors(weighted, 1 - weighted @ found), len(seconds)


def standard_errors(
    design: NDArray[np.float64], residuals: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of least-squares coefficients; `design` is (observations, coefficients)."""
    freedom = max(1, design.shape[0] - design.shape[1])
    covariance = np.linalg.pinv(design.T @ design) * (residuals @ residuals) / freedom
    return np.sqrt(np.diag(covariance))


def law_of(
    found: NDArray[np.float64], errors: NDArray[np.float64], observations: int, *, cap: int
) -> EngineLaw:
    """The law with (apart, τ0, τ1) and their standard errors; none of them is below 0."""
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, max(1, observations - len(found))) * errors
    apart, tau0, tau1 = (
        Interval(value=max(0.0, value), low=max(0.0, value - half), high=max(0.0, value + half))
        for value, half in zip(map(float, found), map(float, reach), strict=True)
    )
    return EngineLaw(apart, tau0, tau1, cap, observations)
