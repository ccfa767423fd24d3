"""The law of pictures as they are served, from closed loops on the live stack. Pure.

What runs beside the engine (gateway, Redis, decoding, files) takes its share of a small machine, so
a served picture is slower than one in a profile. Closed loops show it: b requests outstanding, the
next sent when one ends, so the load is known and no queue has to settle.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from scipy import stats

from controller.queueing.refusal import BadInput
from evidence.law import CONFIDENCE, Floats, PictureLaw, as_shares, fitted, law_of, terms
from services.contract.profile import Interval

LEAST_LOOPS = 5
LEAST_SPREAD = 0.5
"""Of company between loops, in pictures: below, what they differ in is a stray overlap."""
TOLERANCE = 0.5
"""Pictures outstanding beyond the cap: sending and ending are not stamped at the same instant."""
LEAST_CROWDING = 1e-6
"""Below which the harmonic mean is the mean."""
ROUNDS = 20
"""Of substitution: three suffice for as many digits as are of interest."""


class Where(StrEnum):
    """The part of a study that a loop belongs to: before the live runs, beside them, after them."""

    CALIBRATION = "calibration"
    REFERENCE = "reference"
    RECALIBRATION = "recalibration"


@dataclass(frozen=True)
class ClosedLoop:
    """Pictures of `steps` steps; what each took, in seconds.

    `beside`: the share of their time that they spent beside 0, 1, 2, … others. `before`: seconds
    from sending to the start of work; `seconds`: from sending to the end. `level`: that of all of
    them; None where they had several. `at`: unix seconds of its middle, None where that is not
    known.
    """

    steps: int
    beside: tuple[float, ...]
    before: tuple[float, ...]
    seconds: tuple[float, ...]
    level: str | None = None
    at: float | None = None
    where: Where = Where.CALIBRATION

    @property
    def mean(self) -> float:
        """Seconds a picture."""
        return float(np.mean(self.seconds))

    @property
    def company(self) -> float:
        """The mean number of others."""
        return float(np.arange(len(self.beside)) @ np.array(self.beside))


def fit(loops: Sequence[ClosedLoop], cap: int, weights: Floats | None = None) -> PictureLaw:
    """The law that explains the mean of each loop, by least squares of relative errors.

    A picture beside k others gets on at 1/(1 + crowding·k) of its speed alone, so that of company
    that varies the harmonic mean of the slowdowns counts. They are those of the law itself: found
    by substitution. `before` has Student's interval over the loops' means. A loop counts by its
    weight, all alike without; one of weight 0 is left out. Raises BadInput for fewer than five
    loops, for one step count alone, for companies nearer to each other than LEAST_SPREAD, or for
    more outstanding than step together.
    """
    loops, weights = _counted(loops, weights)
    _check(loops, cap)
    before = mean_of_means(np.array([np.mean(loop.before) for loop in loops]), weights)
    steps, seconds = np.array([(loop.steps, loop.mean) for loop in loops], float).T
    beside = np.stack([within(loop.beside, cap) for loop in loops])
    together = 1 + beside @ np.arange(cap)
    for _ in range(ROUNDS):
        found, spread = fitted(terms(steps, together), seconds, weights)
        crowding = (found[1] + steps * found[3]) / (terms(steps, 1) @ found)
        together = as_if(beside, crowding)
    return law_of(found, spread, before, cap, len(loops))


def said(law: PictureLaw, loop: ClosedLoop) -> float:
    """Seconds of a picture in the company of a loop, by a law."""
    beside = within(loop.beside, law.cap)[None]
    together = as_if(beside, np.array([law.crowding(loop.steps)]))
    return law.seconds(loop.steps, float(together[0]))


def as_if(beside: Floats, crowding: Floats) -> Floats:
    """How many outstanding, itself included, slow a picture as much all the time as it was slowed
    on its way: shape (loops,). `beside` (loops, numbers), `crowding` (loops,)."""
    each = np.maximum(crowding, LEAST_CROWDING)[:, None]
    slowdown = 1 / (beside / (1 + each * np.arange(beside.shape[1]))).sum(axis=1)
    return 1 + (slowdown - 1) / each[:, 0]


def within(beside: Sequence[float], cap: int) -> Floats:
    """The shares with what is beyond the cap at the cap, (cap,)."""
    return np.bincount(np.minimum(np.arange(len(beside)), cap - 1), beside, minlength=cap)


def mean_of_means(means: Floats, weights: Floats) -> Interval:
    """The mean of independent means, (n,), n ≥ 2, with Student's interval, which ends at 0. As many
    means count as the weights, (n,), are worth (evidence.law.effective)."""
    shares = as_shares(weights)
    number, value = float(shares.sum()), float(np.average(means, weights=shares))
    freedom = max(1.0, number - 1)
    error = np.sqrt(shares @ (means - value) ** 2 / freedom / number)
    reach = float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom) * error)
    return Interval(value=value, low=max(0.0, value - reach), high=value + reach)


def _counted(
    loops: Sequence[ClosedLoop], weights: Floats | None
) -> tuple[list[ClosedLoop], Floats]:
    """Those that have a weight, and these."""
    every = np.ones(len(loops)) if weights is None else weights
    counts = every > 0
    return [loop for loop, has in zip(loops, counts, strict=True) if has], every[counts]


def _check(loops: Sequence[ClosedLoop], cap: int) -> None:
    for name, least in (("steps", 1), ("company", LEAST_SPREAD)):
        if np.ptp([getattr(loop, name) for loop in loops] or [0]) < least:
            raise BadInput(f"closed loops must differ in their {name} by {least:g} at least")
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
