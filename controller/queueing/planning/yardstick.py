"""How far thresholds are from the optimum: the best quality that any policy has at equal latency.

A change of level is free here, so that the state that decides is the number outstanding alone; the
level at a depth may be drawn by chance. With p(n, i) the share of time with n jobs at level i, the
best is a linear program (Manne 1960, Linear Programming and Sequential Decisions; Altman 1999,
Constrained Markov Decision Processes):

    maximise Σ p(n, i) μ(n, i) (quality(i) - quality(last)) / completions a second
    λ Σᵢ p(n, i) = Σᵢ p(n + 1, i) μ(n + 1, i),  Σ p = 1,  Σ n p(n, i) ≤ L,  Σᵢ p(top, i) ≤ lost

Exact for the chain of levels.hysteresis, whatever it remembers: at most as many jobs on average,
and at most as many lost, as under the thresholds that it is compared with.
"""

from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_array

from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.refusal import BadInput

ACCURACY = 1e-6
"""Numerical error of the distance, in shares of the best level's lead over the last. What is
compared has a tail of 1e-10 cut off, and the solver keeps its constraints to 1e-9 or better."""
TOLERANCES = (1e-10, 1e-9)
_SLACK = 1e-9


def gap_to_optimal(queue: LevelledQueue, measures: LevelMeasures) -> float:
    """By how much the best effective quality at the same mean response is above that of `measures`,
    which are by levels.hysteresis.

    Not below 0 by more than ACCURACY, and the same whatever is added to all qualities. Policies
    whose queue is ever more than twice as long as `measures` tell of are left out. Raises BadInput
    where the solver fails.
    """
    worth = np.array(queue.qualities) - queue.qualities[-1]
    span = float(np.ptp(worth))
    if span == 0:
        return 0.0
    served = queue.arrival_rate * (1 - measures.loss_probability)
    best = _most(_Program(queue, worth / span, _top(queue, measures)), measures) / served
    return span * (best - float(np.array(measures.job_shares) @ worth) / span)


def _top(queue: LevelledQueue, measures: LevelMeasures) -> int:
    """The greatest depth of the program."""
    return 2 * len(measures.states) if queue.capacity is None else queue.capacity


class _Program(NamedTuple):
    """Its variables are p(0, 0), p(0, 1), …, p(top, last)."""

    queue: LevelledQueue
    worth: NDArray[np.float64]
    """By level, from 0 to 1."""
    top: int

    @property
    def rates(self) -> NDArray[np.float64]:
        """Completions a second, shape (depths, levels)."""
        return self.queue.service_rates(self.top)

    @property
    def depths(self) -> NDArray[np.int64]:
        """Of each variable."""
        return np.repeat(np.arange(self.top + 1), len(self.worth))

    def balance(self) -> coo_array:
        """A row for each cut between two depths, and one for the sum of all."""
        levels, depths = len(self.worth), self.depths
        column = np.arange(depths.size)
        below, above = column[:-levels], column[levels:]
        downwards = self.rates.ravel()[levels:] / self.queue.arrival_rate
        data = np.concatenate([np.ones(below.size), -downwards, np.ones(depths.size)])
        row = np.concatenate([depths[below], depths[above] - 1, np.full(depths.size, self.top)])
        return coo_array((data, (row, np.concatenate([below, above, column]))))


def _most(program: _Program, measures: LevelMeasures) -> float:
    """The most worth that can be earned a second."""
    for tolerance, method in product(TOLERANCES, ("highs-ds", "highs-ipm")):
        found = _solved(program, measures, method, tolerance)
        if found.success:
            return -float(found.fun)
    raise BadInput(f"the distance to the optimum was not found: {found.message}")


def _solved(program: _Program, measures: LevelMeasures, method: str, tolerance: float) -> Any:
    """In one way: any may fail where another does not."""
    number = 1 + _SLACK * (1 + 1 / measures.mean_number)
    depths = program.depths / measures.mean_number
    return linprog(
        -(program.rates * program.worth).ravel(),
        A_ub=np.array([depths, program.depths == program.top], dtype=float),
        b_ub=[number, measures.loss_probability + _SLACK],
        A_eq=program.balance(),
        b_eq=np.eye(program.top + 1)[-1],
        method=method,
        options={f"{each}_feasibility_tolerance": tolerance for each in ("primal", "dual")},
    )
