"""The law of pictures as they are served, from closed loops on the live stack. Pure.

What runs beside the engine (gateway, Redis, decoding, files) takes its share of a small machine, so
a served step is slower than one in a profile. Closed loops show it: b requests outstanding, the
next sent when one ends, so the load is known and no queue has to settle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from controller.queueing.refusal import BadInput
from evidence.law import CONFIDENCE, EngineLaw, Floats, intervals
from services.contract.profile import Interval

LEAST_LOOPS = 4
TOLERANCE = 0.5
"""Pictures outstanding beyond the cap: sending and ending are not stamped at the same instant."""
ROUNDS = 60
"""Of substitution, after which the two stations' times have settled to many digits."""


@dataclass(frozen=True)
class ClosedLoop:
    """Pictures of `steps` steps beside `company` others on average; what each took, in seconds.

    `before`: seconds from sending to the start of work; `seconds`: from sending to the end.
    """

    steps: int
    company: float
    before: tuple[float, ...]
    seconds: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Seconds a picture."""
        return float(np.mean(self.seconds))


def fit(loops: Sequence[ClosedLoop], cap: int) -> EngineLaw:
    """The law that explains the mean of each loop, by least squares of relative errors.

    `apart` is the mean time before work starts where nobody waits for a place, with Student's
    interval over the loops' means. The others are
    where a picture's own time is spent, in proportion: the mean-value argument for closed networks
    (Reiser and Lavenberg 1980; Schweitzer 1979). Raises BadInput for fewer than four loops, for one
    step count or one company alone, or for more outstanding than step together.
    """
    _check(loops, cap)
    before = np.array([np.mean(loop.before) for loop in loops])
    around = mean_of_means(before)
    apart = around.value
    steps, company, seconds = np.array([(x.steps, x.company, x.mean) for x in loops], float).T

    def errors(law: Floats) -> Floats:
        return response(law, apart, steps, company) / seconds - 1

    start = (seconds.min() / 2, seconds.max() / steps.max() / 2, seconds.max() / steps.max() / 20)
    found = optimize.least_squares(errors, start, bounds=(0, np.inf), x_scale=start)
    finishing, tau0, tau1 = intervals(found.x, found.jac, found.fun)
    return EngineLaw(around, finishing, tau0, tau1, cap, len(loops))


def mean_of_means(means: Floats) -> Interval:
    """The mean of independent means, (n,), n ≥ 2, with Student's interval, which ends at 0."""
    value = float(means.mean())
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(means) - 1) * stats.sem(means))
    return Interval(value=value, low=max(0.0, value - reach), high=value + reach)


def response(law: Floats, apart: float, steps: Floats, company: Floats) -> Floats:
    """Mean seconds of a picture beside so many others, by (finishing, τ0, τ1); arrays (loops,)."""
    finishing, tau0, tau1 = law
    engine, after = steps * (tau0 + tau1), np.full(len(steps), finishing)
    for _ in range(ROUNDS):
        others = company / (apart + engine + after)
        # The average keeps two stations that are equally busy from taking turns.
        engine = (engine + steps * (tau0 + tau1 * (1 + others * engine))) / 2
        after = (after + finishing * (1 + others * after)) / 2
    return apart + engine + after


def _check(loops: Sequence[ClosedLoop], cap: int) -> None:
    for name in ("steps", "company"):
        if len({getattr(loop, name) for loop in loops}) < 2:
            raise BadInput(f"closed loops must differ in their {name}: all have the same")
    if len(loops) < LEAST_LOOPS:
        raise BadInput(f"{len(loops)} closed loops cannot tell three coefficients: take four")
    most = max(loop.company for loop in loops) + 1
    if most > cap + TOLERANCE:
        raise BadInput(f"{most:.3g} outstanding are more than the {cap} that step together")
    if not all(loop.seconds and min(loop.seconds) > 0 for loop in loops):
        raise BadInput("a closed loop has no finished picture: see its records for what failed")
