"""The law of pictures as they are served, from closed loops on the live stack. Pure.

What runs beside the engine (gateway, Redis, decoding, files) takes its share of a small machine, so
a served picture is slower than one in a profile. Closed loops show it: b requests outstanding, the
next sent when one ends, so the load is known and no queue has to settle.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from controller.queueing.refusal import BadInput
from evidence.law import CONFIDENCE, Floats, PictureLaw, fitted, law_of, terms
from services.contract.profile import Interval

LEAST_LOOPS = 5
TOLERANCE = 0.5
"""Pictures outstanding beyond the cap: sending and ending are not stamped at the same instant."""


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


def fit(loops: Sequence[ClosedLoop], cap: int) -> PictureLaw:
    """The law that explains the mean of each loop, by least squares of relative errors.

    `before` has Student's interval over the loops' means. Raises BadInput for fewer than five
    loops, for one step count or one company alone, or for more outstanding than step together.
    """
    _check(loops, cap)
    before = mean_of_means(np.array([np.mean(loop.before) for loop in loops]))
    steps, company, seconds = np.array([(x.steps, x.company, x.mean) for x in loops], float).T
    found, spread = fitted(terms(steps, np.minimum(company + 1, cap)), seconds)
    return law_of(found, spread, before, cap, len(loops))


def mean_of_means(means: Floats) -> Interval:
    """The mean of independent means, (n,), n ≥ 2, with Student's interval, which ends at 0."""
    value = float(means.mean())
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, len(means) - 1) * stats.sem(means))
    return Interval(value=value, low=max(0.0, value - reach), high=value + reach)


def _check(loops: Sequence[ClosedLoop], cap: int) -> None:
    for name in ("steps", "company"):
        if len({getattr(loop, name) for loop in loops}) < 2:
            raise BadInput(f"closed loops must differ in their {name}: all have the same")
    if len(loops) < LEAST_LOOPS:
        raise BadInput(
            f"{len(loops)} closed loops cannot tell four coefficients and how sure they are: take "
            f"{LEAST_LOOPS}"
        )
    most = max(loop.company for loop in loops) + 1
    if most > cap + TOLERANCE:
        raise BadInput(f"{most:.3g} outstanding are more than the {cap} that step together")
    if not all(loop.seconds and min(loop.seconds) > 0 for loop in loops):
        raise BadInput("a closed loop has no finished picture: see its records for what failed")
