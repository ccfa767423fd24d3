"""A queue whose jobs are done at one of several levels."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from controller.queueing.engine import Engine
from controller.queueing.refusal import (
    BadInput,
    require_count,
    require_not_negative,
)
from controller.queueing.switching import Table
from services.contract.forecast import Forecast, Pace, Rate
from services.contract.profile import ONE_AT_A_TIME, BatchLaw


@dataclass(frozen=True)
class LevelledQueue:
    """Poisson arrivals, one queue, k workers that each advance jobs together by a batch law, where
    a pace names no crowding of its own.

    `arrival_rate` in jobs a second; `paces` and `qualities` by level, best first; with `capacity`,
    a job that finds so many outstanding is refused. Raises BadInput for what is no queue.
    """

    arrival_rate: float
    paces: tuple[Pace, ...]
    qualities: tuple[float, ...]
    law: BatchLaw = ONE_AT_A_TIME
    workers: int = 1
    capacity: int | None = None

    def __post_init__(self) -> None:
        require_not_negative(arrival_rate=self.arrival_rate)
        require_count(workers=self.workers)
        if self.capacity is not None:
            require_count(capacity=self.capacity)
        if not self.paces or len(self.paces) != len(self.qualities):
            raise BadInput(
                f"{len(self.paces)} paces and {len(self.qualities)} qualities: each level has both"
            )

    @property
    def places(self) -> int:
        """Jobs that can be under way at once: k workers of `cap` each."""
        return self.workers * self.law.cap

    @cached_property
    def seconds(self) -> NDArray[np.float64]:
        """Mean service time of a job alone, by level: shape (levels,)."""
        return np.array([pace.seconds for pace in self.paces])

    @cached_property
    def engines(self) -> tuple[Engine, ...]:
        """The workers with all jobs at one level, by level."""
        return tuple(
            Engine(pace.seconds, self.law.crowded(pace.crowding), self.workers)
            for pace in self.paces
        )

    def service_rates(self, depths: int) -> NDArray[np.float64]:
        """Completions a second μ(n, level) for n = 0 … depths: shape (depths + 1, levels).

        Jobs are spread evenly over the workers; what exceeds the places waits.
        """
        jobs = np.arange(depths + 1)
        return np.column_stack([engine.spread(jobs) for engine in self.engines])

    @property
    def stability_limits(self) -> tuple[float, ...]:
        """Arrivals a second that each level, kept for ever, can just not serve."""
        return tuple(engine.stable_rate for engine in self.engines)

    def forecast(self) -> Forecast:
        """The same queue in the form in which the live model predicts a job's response."""
        return Forecast(
            at=0.0,
            level=0,
            paces=self.paces,
            law=self.law,
            workers=self.workers,
            arrivals=Rate(value=self.arrival_rate),
        )


def deep_levels(table: Table) -> set[int]:
    """The levels in which a queue that is longer than the table may stay."""
    last = table[:, -1]
    reached = np.arange(len(last))
    for _ in last:
        reached = last[reached]
    return {int(level) for level in reached}


def stability_limit(queue: LevelledQueue, table: Table) -> float:
    """Arrivals a second below which a queue that follows this table has a steady state.

    It is the limit of the slowest level that the table keeps however long the queue is: what it
    does at shorter lengths only delays it.
    """
    return min(queue.stability_limits[level] for level in deep_levels(table))


def checked(table: Table, levels: int) -> Table:
    """The table as integers. Raises BadInput unless it has a row a level and holds levels."""
    table = np.asarray(table)
    if table.ndim != 2 or len(table) != levels or not table.shape[1]:
        raise BadInput(
            f"the table has shape {table.shape}: it must have {levels} rows, one a level"
        )
    if ((table < 0) | (table >= levels)).any():
        raise BadInput(f"the table must hold levels from 0 to {levels - 1}")
    return table.astype(np.int64)
