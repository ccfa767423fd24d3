"""What a picture takes in a worker, beside others. Pure.

One processor-sharing station for all that happens to a picture, from sending to its end:

    S_n(b) = φ0 + φ1·b + n·(τ0 + τ1·b)   seconds, of n steps, b outstanding, itself included

Steps that pictures share are one part of it; the other, φ, is decoding, encoding, files and the way
there and back. On a machine of few cores each part slows the other, so that they are one station: a
flow-equivalent server (Chandy, Herzog and Woo 1975), whose rate with b jobs is what the whole
network gets done with b jobs in it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from controller.queueing.refusal import BadInput
from services.contract.profile import BatchLaw, Interval, Timing
from services.contract.timings import kept

CONFIDENCE = 0.95
LEAST_SETTINGS = 4
NEGLIGIBLE = 1e-9
"""A share that only rounding leaves."""
NAMES = ("phi0", "phi1", "tau0", "tau1")
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PictureLaw:
    """φ in seconds a picture, τ in seconds a step.

    `before`: of these seconds those until work starts, on average over loops in which nobody waits
    for a place. `observations`: how many loops or timings it is of. `spread`, (4, 4):
    the coefficients' covariance times Student's quantile squared, so that c·x is known to within
    √(c·spread·c); as they are named in NAMES.
    """

    phi0: Interval
    phi1: Interval
    tau0: Interval
    tau1: Interval
    before: Interval
    cap: int
    observations: int
    spread: Floats = field(default_factory=lambda: np.zeros((4, 4)), compare=False, repr=False)

    @property
    def coefficients(self) -> Floats:
        """(φ0, φ1, τ0, τ1)."""
        return np.array([getattr(self, name).value for name in NAMES])

    @property
    def batch(self) -> BatchLaw:
        """How pictures slow each other's steps alone."""
        return BatchLaw(tau0=self.tau0.value, tau1=self.tau1.value, cap=self.cap)

    def seconds(self, steps: int, together: float) -> float:
        """S_n(b)."""
        return float(terms(steps, together) @ self.coefficients)

    def alone(self, steps: int) -> Interval:
        """S_n(1), with its interval."""
        asked = terms(steps, 1)
        reach = float(np.sqrt(max(0.0, asked @ self.spread @ asked)))
        return _at_least_nothing(float(asked @ self.coefficients), reach)

    def crowding(self, steps: int) -> float:
        """(φ1 + n·τ1)/S_n(1): by which share of its time alone each other one lengthens it."""
        more = self.phi1.value + steps * self.tau1.value
        return min(1.0, more / self.seconds(steps, 1))  # more by rounding alone


def terms(steps: Floats | int, together: Floats | float) -> Floats:
    """What the coefficients are multiplied with: shape (…, 4)."""
    steps, together = np.broadcast_arrays(np.asarray(steps, float), np.asarray(together, float))
    return np.stack([np.ones_like(steps), together, steps, steps * together], axis=-1)


def offline(timings: Sequence[Timing], cap: int) -> PictureLaw:
    """The law of a profile's timings: b pictures submitted together until the last is there.

    The last is there after n·(τ0 + τ1·b) + b·f seconds, f being what is done besides steps, so that
    φ0 = 0 and φ1 = f. Submitted together they are not decoded beside the steps of others, so that
    this errs towards slower where decoding has a core of its own. Raises BadInput for fewer than
    four settings of steps and batch, or with only one step count or batch size.
    """
    rows = [(t.steps, t.batch, seconds) for t in timings for seconds in kept(t.seconds)]
    settings = {(steps, batch) for steps, batch, _ in rows}
    if len(settings) < LEAST_SETTINGS or any(len({s[i] for s in settings}) < 2 for i in (0, 1)):
        raise BadInput(
            f"a picture's law needs {LEAST_SETTINGS} settings of steps and batch size, with two of "
            "each: measure more with python -m worker.study profile --steps … --batches …"
        )
    steps, together, seconds = np.array(rows, float).T
    found, spread = fitted(terms(steps, together)[:, 1:], seconds, np.ones(len(seconds)))
    all_four = np.vstack([np.zeros(3), np.eye(3)])
    return law_of(all_four @ found, all_four @ spread @ all_four.T, NOTHING, cap, len(seconds))


def fitted(design: Floats, seconds: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Least squares of relative errors with no coefficient below 0 (Lawson and Hanson 1974).

    `design` is (observations, c), `weights` (observations,). Returns the coefficients and their
    spread (PictureLaw): that of all of them, those held at 0 too, so that no interval is too narrow
    for that. As many observations count as the weights are worth (`effective`), as if independent.
    """
    shares = as_shares(weights)
    root = np.sqrt(shares)
    relative = design / seconds[:, None] * root[:, None]
    found, _ = optimize.nnls(relative, root)
    residuals = root - relative @ found
    freedom = max(1.0, float(shares.sum()) - design.shape[1])
    covariance = np.linalg.pinv(relative.T @ relative) * (residuals @ residuals) / freedom
    return found, covariance * float(stats.t.ppf((1 + CONFIDENCE) / 2, freedom)) ** 2


def effective(weights: Floats) -> float:
    """How many observations of one weight have a mean as sure: (Σw)²/Σw² (Kish 1965)."""
    return float(weights.sum() ** 2 / (weights @ weights))


def as_shares(weights: Floats) -> Floats:
    """The same weights with the effective number of observations for their sum: 1 where all are
    alike."""
    return weights * (effective(weights) / weights.sum())


def law_of(
    found: Floats, spread: Floats, before: Interval, cap: int, observations: int
) -> PictureLaw:
    """Of these coefficients, (4,). Raises BadInput where steps take no time."""
    if found[2:].sum() <= NEGLIGIBLE * found.sum():
        raise BadInput("pictures took as long whatever their steps: measure other numbers of steps")
    reaches = np.sqrt(np.diag(spread))
    pairs = zip(found.tolist(), reaches.tolist(), strict=True)
    intervals = [_at_least_nothing(*pair) for pair in pairs]
    return PictureLaw(*intervals, before, cap, observations, spread)


def _at_least_nothing(value: float, reach: float) -> Interval:
    low, middle, high = (max(0.0, each) for each in (value - reach, value, value + reach))
    return Interval(value=middle, low=low, high=high)


NOTHING = Interval(value=0.0, low=0.0, high=0.0)
