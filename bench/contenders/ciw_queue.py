"""Ciw, the reference library for simulated queues: Poisson arrivals, exponential service."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import ciw


class _ByDepth(ciw.dists.Distribution):
    """Exponential with the mean of a level, chosen at service start by the number in the system.

    The one that starts counts, and `depths` say from which number on each next level applies.
    """

    def __init__(self, means: Sequence[float], depths: Sequence[int]) -> None:
        self._levels = [ciw.dists.Exponential(1 / mean) for mean in means]
        self._depths = depths

    def sample(self, t: float | None = None, ind: Any = None) -> float:
        depth = self.simulation.nodes[1].number_of_individuals
        level = sum(depth >= threshold for threshold in self._depths)
        return self._levels[level].sample(t, ind)


@dataclass(frozen=True)
class CiwQueue:
    """A queue with exponential service: seconds by level, and the depths between the levels."""

    rate: float
    means: tuple[float, ...]
    depths: tuple[int, ...] = ()
    servers: int = 1

    def __post_init__(self) -> None:
        fits = len(self.depths) == len(self.means) - 1
        if not fits or any(later <= earlier for earlier, later in pairwise((0, *self.depths))):
            raise ValueError("give one depth between each two levels, positive and increasing")

    def run(self, jobs: int, seed: int) -> Any:
        """Ciw's simulation after so many jobs have finished."""
        ciw.seed(seed)
        simulation = ciw.Simulation(self._network())
        simulation.simulate_until_max_customers(jobs, method="Finish")
        return simulation

    def responses(self, jobs: int, seed: int) -> list[float]:
        """Seconds from arrival to finish, in the order of arrival."""
        records = self.run(jobs, seed).get_all_records()
        records.sort(key=lambda record: record.arrival_date)
        return [record.exit_date - record.arrival_date for record in records]

    def _network(self) -> Any:
        service = (
            _ByDepth(self.means, self.depths)
            if self.depths
            else ciw.dists.Exponential(1 / self.means[0])
        )
        return ciw.create_network(
            arrival_distributions=[ciw.dists.Exponential(self.rate)],
            service_distributions=[service],
            number_of_servers=[self.servers],
        )
