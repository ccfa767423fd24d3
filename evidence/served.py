"""The law of pictures as they are served, from closed loops on the live stack. Pure.

What runs beside the engine (gateway, Redis, decoding, files) takes its share of a small machine, so
a served step is slower than one in a profile. Closed loops show it: b requests outstanding, the
next sent when one ends, so the load is known and no queue has to settle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from controller.queueing.refusal import BadInput
from evidence.law import EngineLaw, law_of, standard_errors

LEAST_LOOPS = 4


@dataclass(frozen=True)
class ClosedLoop:
    """Pictures of `steps` steps with `together` outstanding: what each took, sent to done."""

    steps: int
    together: int
    seconds: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Seconds a picture."""
        return float(np.mean(self.seconds))


def fit(loops: Sequence[ClosedLoop], cap: int) -> EngineLaw:
    """(apart, τ0, τ1) that explain the mean of each loop, by least squares of relative errors.

    A picture is `apart` from the steps for apart/R of its time R, and so is each of the others, so
    it steps beside 1 + (b - 1)·(1 - apart/R) pictures on average, itself included: the mean-value
    argument for closed networks (Reiser and Lavenberg 1980) for a delay and one shared server.
    Raises BadInput for fewer than four loops, one step count or one concurrency alone, or a
    concurrency above the cap, where pictures would wait.
    """
    _check(loops, cap)
    steps, together, seconds = np.array([(x.steps, x.together, x.mean) for x in loops], float).T

    def errors(law: NDArray[np.float64]) -> NDArray[np.float64]:
        apart, tau0, tau1 = law
        beside = 1 + (together - 1) * (1 - apart / seconds)
        return (apart + steps * (tau0 + tau1 * beside)) / seconds - 1

    start = (0.5 * seconds.min(), seconds.max() / steps.max() / 2, 1e-3)
    found = optimize.least_squares(errors, start, bounds=(0, np.inf), x_scale=start)
    return law_of(found.x, standard_errors(found.jac, found.fun), len(loops), cap=cap)


def _check(loops: Sequence[ClosedLoop], cap: int) -> None:
    if any(len({getattr(x, name) for x in loops}) < 2 for name in ("steps", "together")):
        raise BadInput("closed loops must have two step counts and two concurrencies at least")
    if len(loops) < LEAST_LOOPS:
        raise BadInput(f"{len(loops)} closed loops cannot tell three coefficients: take four")
    most = max(x.together for x in loops)
    if most > cap:
        raise BadInput(f"{most} outstanding are more than the {cap} that step together: some wait")
    if not all(x.seconds and min(x.seconds) > 0 for x in loops):
        raise BadInput("a closed loop has no finished picture: see its records for what failed")
