"""What a picture takes in a worker: steps that pictures share, and what is done one by one. Pure.

Two stations in tandem, and a delay that nobody shares:

    engine      n steps of τ(b) = τ0 + τ1·b seconds, b pictures in each      (processor sharing)
    finishing   seconds a picture: decoding, encoding, writing, reporting    (one at a time)
    apart       seconds between the client and the engine
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
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class EngineLaw:
    """`apart` and `finishing` in seconds a picture, `tau0` and `tau1` in seconds a step."""

    apart: Interval
    finishing: Interval
    tau0: Interval
    tau1: Interval
    cap: int
    observations: int

    @property
    def batch(self) -> BatchLaw:
        """How pictures slow each other's steps."""
        return BatchLaw(tau0=self.tau0.value, tau1=self.tau1.value, cap=self.cap)

    def ends(self, left_engine: Floats) -> Floats:
        """When pictures that leave the engine at these times, (n,), are done: one at a time in the
        order of leaving (Lindley 1952), and `apart`."""
        order, each = np.argsort(left_engine, kind="stable"), self.finishing.value
        ranks = np.arange(len(order)) * each
        done = np.empty(len(order))
        done[order] = np.maximum.accumulate(left_engine[order] - ranks) + ranks + each
        return done + self.apart.value


def offline(timings: Sequence[Timing], cap: int) -> EngineLaw:
    """The law of a profile's timings: b pictures submitted together until the last is there.

    They leave the engine together, so the last is there after n·(τ0 + τ1·b) + b·finishing seconds.
    Least squares of relative errors. Raises BadInput for fewer than four settings of steps and
    batch, or with only one step count or batch size.
    """
    rows = [(t.steps, t.batch, seconds) for t in timings for seconds in kept(t.seconds)]
    settings = {(steps, batch) for steps, batch, _ in rows}
    if len(settings) < LEAST_SETTINGS or any(len({s[i] for s in settings}) < 2 for i in (0, 1)):
        raise BadInput(
            f"an engine's law needs {LEAST_SETTINGS} settings of steps and batch size, with two of "
            "each: measure more with python -m worker.study profile --steps … --batches …"
        )
    steps, together, seconds = np.array(rows, float).T
    design = np.column_stack([together, steps, steps * together]) / seconds[:, None]
    found, *_ = np.linalg.lstsq(design, np.ones(len(seconds)), rcond=None)
    finishing, tau0, tau1 = intervals(found, design, 1 - design @ found)
    return EngineLaw(NOTHING, finishing, tau0, tau1, cap, len(seconds))


def intervals(found: Floats, design: Floats, residuals: Floats) -> list[Interval]:
    """Coefficients with Student's 95 % intervals, none below 0; `design` is (observations, c)."""
    freedom = max(1, design.shape[0] - design.shape[1])
    covariance = np.linalg.pinv(design.T @ design) * (residuals @ residuals) / freedom
    reach = stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * np.sqrt(np.diag(covariance))
    return [_at_least_nothing(*pair) for pair in zip(found.tolist(), reach.tolist(), strict=True)]


def _at_least_nothing(value: float, reach: float) -> Interval:
    low, middle, high = (max(0.0, each) for each in (value - reach, value, value + reach))
    return Interval(value=middle, low=low, high=high)


NOTHING = Interval(value=0.0, low=0.0, high=0.0)
