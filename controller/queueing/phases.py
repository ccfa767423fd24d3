"""Phase-type times: what a Markov chain takes to be absorbed, and the fit of one to two moments.

Source: M. F. Neuts, Matrix-Geometric Solutions in Stochastic Models (1981), chapter 2.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from controller.queueing import hyperexponential
from controller.queueing.measures import Distribution
from controller.queueing.refusal import BadInput

MOST_PHASES = 200
"""A fit needs 1/scv phases; a time with scv below 1/MOST_PHASES counts as deterministic."""
MOST_LOOKS = 500_000
"""Of a chain that is followed look by look; more would take minutes."""

_NEGLIGIBLE = 1e-14


class PhaseType(NamedTuple):
    """`start[i]`: probability to begin in phase i; the rest takes no time. `generator`: rates a
    second between phases, shape (phases, phases); a row sums to minus its rate of absorption."""

    start: NDArray[np.float64]
    generator: sparse.csr_array

    @property
    def exits(self) -> NDArray[np.float64]:
        """Rate of absorption from each phase, a second."""
        return -self.generator.sum(axis=1)

    def distribution(self, mean: float) -> Distribution:
        """Of the time to absorption, whose mean in seconds the caller knows."""
        return Distribution(mean, _Followed(self).survival)


def uniformised(looks: float, left: Callable[[NDArray[np.int64]], NDArray[np.float64]]) -> float:
    """P(T > t) = Σ_j Poisson(j; Λt) g_j, where g_j = `left(j)` is the probability that a chain,
    looked at with rate Λ, is not absorbed after j looks; `looks` is Λt, their mean number.

    All terms are positive: stable. Source: A. Jensen (1953).
    """
    spread = 9 * math.sqrt(looks) + 30
    counts = np.arange(max(0, int(looks - spread)), int(looks + spread))
    return float(stats.poisson.pmf(counts, looks) @ left(counts))


class _Followed:
    """A chain look by look, as far as it is asked for."""

    def __init__(self, phases: PhaseType) -> None:
        diagonal = -phases.generator.diagonal()
        self._rate = float(diagonal.max())
        size = len(phases.start)
        self._step = (sparse.eye_array(size) + phases.generator / self._rate).T.tocsr()
        self._state = phases.start
        self._left = [float(phases.start.sum())]

    def survival(self, seconds: float) -> float:
        return uniformised(self._rate * seconds, self._after)

    def _after(self, counts: NDArray[np.int64]) -> NDArray[np.float64]:
        self._extend(int(counts[-1]))
        first, last = counts[0], min(len(self._left), counts[-1] + 1)
        found = np.zeros(len(counts))
        found[: max(0, last - first)] = self._left[first:last]
        return found

    def _extend(self, looks: int) -> None:
        while len(self._left) <= looks and self._left[-1] > _NEGLIGIBLE:
            if len(self._left) > MOST_LOOKS:
                raise BadInput(
                    "the times are spread too widely for this model's percentiles: they would take "
                    "minutes. Simulate the queue, or ask for one with less variation."
                )
            self._state = self._step @ self._state
            self._left.append(float(self._state.sum()))


def fitted(mean: float, scv: float) -> PhaseType:
    """The usual phase-type time with this mean (seconds) and squared coefficient of variation.

    scv > 1: hyperexponential of two phases with balanced means; scv = 1: exponential; below: a
    mixture of Erlang times with k - 1 and k phases of one rate, 1/k <= scv <= 1/(k - 1).
    Source: H. C. Tijms, Stochastic Models: An Algorithmic Approach (1994), appendix B.
    """
    if scv > 1:
        return _hyperexponential(mean, scv)
    return _mixed_erlang(mean, max(scv, 1 / MOST_PHASES))


def _hyperexponential(mean: float, scv: float) -> PhaseType:
    rates = np.array(hyperexponential.rates(mean, scv))
    return PhaseType(np.array(hyperexponential.shares(scv)), sparse.diags_array(-rates).tocsr())


def _mixed_erlang(mean: float, scv: float) -> PhaseType:
    phases = math.ceil(1 / scv - 1e-9)
    shorter = (phases * scv - math.sqrt(max(0.0, phases * (1 + scv) - phases**2 * scv))) / (1 + scv)
    rate = (phases - shorter) / mean
    start = np.zeros(phases)
    start[0] = 1.0
    if phases > 1:
        start[:2] = 1 - shorter, shorter
    steps = sparse.diags_array([-np.ones(phases), np.ones(phases - 1)], offsets=[0, 1])
    return PhaseType(start, (rate * steps).tocsr())


def followed_by(first: PhaseType, second: PhaseType) -> PhaseType:
    """The sum of two independent times; where the first takes no time, the second remains."""
    none = 1 - first.start.sum()
    start = np.concatenate([first.start, none * second.start])
    onwards = sparse.csr_array(np.outer(first.exits, second.start))
    blocks = [[first.generator, onwards], [None, second.generator]]
    return PhaseType(start, sparse.block_array(blocks, format="csr"))
