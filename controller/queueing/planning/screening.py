"""Many tables judged at once by the analytic model, quickly and without simulation."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from controller.queueing.levels import hysteresis, steady_state
from controller.queueing.levels.chain import chains
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.levels.response import Conditional, conditional, probability_within
from controller.queueing.refusal import require_positive
from services.contract.rules import Slo

Figures = NDArray[np.float64]
"""One a table."""

SWITCH_PRICE = 0.005
MISS_PRICE = 0.005
DEPTH_PRICE = 2e-5
"""A switch a job, a missed target and each job of the thresholds' depth, in shares of the best
level's lead over the last: enough to break ties between tables whose quality is all but the same,
and to keep thresholds that are hardly ever reached from rising, where a burst would find them."""


class Judgement(NamedTuple):
    """What the model says of each table.

    `margin` is 0 or more where the target is met: by how much the probability to be in time, or
    the mean's share of the time allowed, or the share lost, is better than asked. `score` is the
    quality less the prices of switches and misses.
    """

    quality: Figures
    margin: Figures
    response: Figures
    score: Figures

    @property
    def best(self) -> int:
        """The best score of those that meet the target; the nearest to it where none does."""
        met = self.margin >= 0
        return int(np.argmax(np.where(met, self.score, -np.inf) if met.any() else self.margin))


@dataclass
class Screen:
    """Judges tables for a queue, by hysteresis.solve and the mixture of levels.response.

    `most_lost`: share of the jobs that may find the queue at its capacity. The caller has made sure
    that the last level can serve the load.
    """

    queue: LevelledQueue
    slo: Slo
    most_lost: float = 1.0

    def __post_init__(self) -> None:
        require_positive(arrival_rate=self.queue.arrival_rate)
        self._given = conditional(self.queue, 256)

    def judge(self, tables: NDArray[np.int64]) -> Judgement:
        """Of tables stacked: shape (tables, levels, depths)."""
        chain = chains(self.queue, tables)
        states = hysteresis.solve(chain, self.queue.capacity)
        quality = steady_state.job_shares(chain, states) @ np.array(self.queue.qualities)
        found = steady_state.found(chain, states, self.queue.capacity)
        lost = states[:, self.queue.capacity].sum(axis=1) if self.queue.capacity else 0.0
        admitted = self.queue.arrival_rate * (1 - lost)
        response = steady_state.mean_number(states) / admitted
        margin, missed = self._margin(found, response)
        margin = np.minimum(margin, self.most_lost - lost)
        switches = steady_state.switch_rate(chain, states) / admitted
        depth = (tables < tables.shape[1] - 1).sum(axis=(1, 2))
        price = SWITCH_PRICE * switches + MISS_PRICE * missed + DEPTH_PRICE * depth
        return Judgement(quality, margin, response, quality - self._span * price)

    @property
    def _span(self) -> float:
        return max(self.queue.qualities) - min(self.queue.qualities)

    def _margin(self, found: NDArray[np.float64], response: Figures) -> tuple[Figures, Figures]:
        if self.slo.percentile == "mean":
            return 1 - response / self.slo.seconds, response / self.slo.seconds
        within = probability_within(self.given(found.shape[1]), found, response, self.slo.seconds)
        return within - self.slo.percentile / 100, 1 - within

    def given(self, depths: int) -> Conditional:
        """Responses of jobs that find 0 … depths - 1 others."""
        if len(self._given.mean) < depths:
            self._given = conditional(self.queue, 2 * depths)
        return Conditional(self._given.mean[:depths], self._given.scv[:depths])
