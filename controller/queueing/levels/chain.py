"""The rates of a Markov chain over (jobs outstanding, level in force).

Jobs arrive at rate λ and leave at rate μ(n, i): what k workers get done with n jobs at level i
(LevelledQueue.service_rates). The whole work in hand is done at the level in force, so a change
re-times it. At each arrival and departure the level goes where the table says; with
`decision_seconds` it goes there at the ticks of an exponential clock of that mean instead, which
stands for a control loop with a dwell.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.refusal import require_positive

Blocks = NDArray[np.float64]
Tables = NDArray[np.int64]
"""Shape (tables, levels, depths): tables of one shape, stacked."""


class Chain(NamedTuple):
    """The rates of many chains that differ in their tables alone."""

    arrival_rate: float
    service_rates: NDArray[np.float64]
    """Shape (depths, levels), beyond which they stay those of the last row."""
    tables: Tables
    clock: float
    """Decisions a second; 0: with every arrival and departure."""

    def moves(self, depth: int) -> NDArray[np.bool_]:
        """Shape (tables, levels, levels): where a level goes, having come to this depth."""
        column = self.tables[:, :, min(depth, self.tables.shape[2] - 1)]
        return column[:, :, None] == np.arange(column.shape[1])

    def up(self, depth: int) -> Blocks:
        """Rates from so many jobs to one more."""
        return self.arrival_rate * self._followed(depth + 1)

    def down(self, depth: int) -> Blocks:
        """Rates from so many jobs to one less."""
        return self.rates(depth)[None, :, None] * self._followed(depth - 1)

    def within(self, depth: int, arrival_rate: float) -> Blocks:
        """Rates between levels at one depth, and on the diagonal what leaves, negative."""
        out = np.diag(arrival_rate + self.rates(depth) + self.clock)
        return self.clock * self.moves(depth) - out if self.clock else -out[None]

    def rates(self, depth: int) -> NDArray[np.float64]:
        """Completions a second at this depth, by level."""
        return self.service_rates[min(depth, len(self.service_rates) - 1)]

    def _followed(self, depth: int) -> NDArray[np.bool_]:
        return np.eye(self.tables.shape[1], dtype=bool)[None] if self.clock else self.moves(depth)


def chains(queue: LevelledQueue, tables: Tables, decision_seconds: float | None = None) -> Chain:
    """The chains of a queue under each of these tables."""
    if decision_seconds is not None:
        require_positive(decision_seconds=decision_seconds)
    depths = max(tables.shape[2], queue.places + 1)
    rates = queue.service_rates(depths)
    return Chain(queue.arrival_rate, rates, tables, 1 / decision_seconds if decision_seconds else 0)
