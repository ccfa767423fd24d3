"""The response of one job followed through the engine, beside others that come and go.

Work is exponential. The wait of those who wait is exponential with rate kφ(c) - λ, as in M/M/1,
and independent of who arrives behind; so the followed job is a Markov chain in one number:
either waiting, by how many came behind it, or in service, by how many jobs there are.
Source of the method: E. G. Coffman, R. R. Muntz and H. Trotter (1970), for M/M/1 with processor
sharing; with a cap and a speed that depends on the state it is the same chain.
"""

import math

import numpy as np
from scipy import sparse

from controller.queueing.engine import Engine
from controller.queueing.occupancy import Occupancy
from controller.queueing.phases import PhaseType

_NEGLIGIBLE = 1e-12
_LONGEST = 8_000
_MARGIN = 30


def followed(rate: float, engine: Engine, found: Occupancy) -> PhaseType | None:
    """Response time of a job that finds what `found` says. None where the chain is too long.

    Exact for one worker; several are taken to share their jobs evenly.
    """
    behind = _behind(rate / engine.stable_rate) if found.full > _NEGLIGIBLE else 0
    most = len(found.shares) + max(behind, _MARGIN)
    if most > _LONGEST:
        return None
    start = np.zeros(behind + most)
    start[behind : behind + len(found.shares)] = found.shares
    start[0] += found.full
    return PhaseType(start, _chain(rate, engine, behind, most))


def _behind(load: float) -> int:
    """So many more wait with negligible probability."""
    return math.ceil(math.log(_NEGLIGIBLE) / math.log(load)) + 2


def _chain(rate: float, engine: Engine, behind: int, most: int) -> sparse.csr_array:
    """State j < `behind`: waiting, with j behind. State behind + n - 1: one of n jobs in service,
    with an equal part of what is completed. Nobody arrives in the last state of either kind."""
    number = np.arange(1, most + 1)
    speed, sharing = engine.spread(number), np.minimum(number, engine.places)
    drain = np.full(behind, engine.stable_rate - rate)
    arrivals = np.full(behind + most, rate)
    arrivals[[behind - 1, -1]] = 0
    others = np.concatenate([np.zeros(behind), speed * (sharing - 1) / sharing])
    diagonals = [-(arrivals + np.concatenate([drain, speed])), arrivals[:-1], others[1:]]
    offsets = [0, 1, -1]
    if behind:
        unused = np.zeros(most + 1 - engine.places - behind)
        diagonals.append(np.concatenate([drain, unused]))
        offsets.append(behind + engine.places - 1)
    return sparse.diags_array(diagonals, offsets=offsets).tocsr()
