"""How many jobs a departing one leaves behind in M/G/1: the embedded chain, in units of S.

Source: D. G. Kendall (1951, 1953); R. B. Cooper, Introduction to Queueing Theory (1981), 5.8.
"""

from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, stats

from controller.queueing.phases import MOST_PHASES, fitted

_OVERFLOWS_SOON = 1e200


def arrivals_at_least(load: float, scv: float, count: int) -> NDArray[np.float64]:
    """P(A >= n), n = 0 … count, of the number A that arrives during a service.

    Service as in `general`: deterministic for scv = 0, otherwise `phases.fitted`.
    """
    if scv * MOST_PHASES < 1:
        return cast("NDArray[np.float64]", stats.poisson.sf(np.arange(count + 1) - 1, load))
    service = fitted(1.0, scv)
    leaving = load * sparse.eye_array(len(service.start)) - service.generator
    solve = sparse.linalg.factorized(leaving.T.tocsc())
    phase, found = service.start, [1.0]
    for _ in range(count):
        phase = load * solve(phase)
        found.append(float(phase.sum()))
    return np.array(found)


def left_behind(at_least: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Weights, proportional to P(n left behind), n = 0 … count - 1; no load is too high.

    The chain goes as often from n + 1 to n as from n or less to more, so every term is positive:
    P(A = 0) w_{n+1} = w_0 P(A >= n + 1) + Σ_{i=1}^{n} w_i P(A >= n - i + 2).
    """
    weights = np.zeros(count)
    weights[0] = 1.0
    none = 1 - at_least[1]
    for n in range(count - 1):
        crossing = weights[0] * at_least[n + 1] + weights[1 : n + 1] @ at_least[n + 1 : 1 : -1]
        weights[n + 1] = crossing / none
        if weights[n + 1] > _OVERFLOWS_SOON:
            weights /= weights[n + 1]
    return weights
