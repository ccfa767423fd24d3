"""What is simulated."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from controller.queueing.refusal import (
    BadInput,
    require_count,
    require_not_negative,
    require_positive,
)
from controller.queueing.simulation.arrivals import Arrivals
from controller.queueing.simulation.planner import Replanning
from controller.queueing.simulation.service import Service
from controller.queueing.switching import Table
from services.contract.profile import ONE_AT_A_TIME, BatchLaw

Routing = Literal["shared", "jsq", "power-of-two", "random", "round-robin"]
"""One queue for all workers, or a queue each and a rule that chooses one at arrival."""
Moment = Literal["start", "arrival"]
"""When a job gets the level in force: as its work starts, or as it arrives."""


@dataclass(frozen=True)
class Horizon:
    """How long jobs come: a number of them, or a time in seconds; all that came are served."""

    jobs: int | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        if (self.jobs is None) == (self.seconds is None):
            raise BadInput("a horizon is a number of jobs or a number of seconds: give one")
        if self.jobs is not None:
            require_count(jobs=self.jobs)
        if self.seconds is not None:
            require_positive(seconds=self.seconds)


@dataclass(frozen=True, eq=False)
class Switching:
    """Which level is in force, and when that is asked.

    `table[i, n]` is the level to go to from level i with n jobs outstanding, one that just arrived
    included (`controller.queueing.switching.tabulate` makes it from the live `decide`). It is asked
    every `period` seconds, or at every arrival and departure (None), and obeyed unless the last
    change is less than `dwell` seconds old. While the oldest waiting job has waited longer than
    `patience` seconds, the table `impatient` is asked instead. With `retime`, a change of level
    takes jobs in service along where that leaves them less work: what is left shrinks by the ratio
    of the whole works. With `replanning` other tables take the place of both as arrivals drift.
    """

    table: Table
    period: float | None = None
    dwell: float = 0.0
    moment: Moment = "start"
    retime: bool = False
    initial: int = 0
    patience: float | None = None
    impatient: Table | None = None
    replanning: Replanning | None = None

    def __post_init__(self) -> None:
        levels = len(self.table)
        for each in (self.table, self.table if self.impatient is None else self.impatient):
            _require_table(np.asarray(each), levels)
        if (self.patience is None) != (self.impatient is None):
            raise BadInput("patience and the table for those who lose it belong together")
        if not 0 <= self.initial < levels:
            raise BadInput(f"the initial level {self.initial} is not one of the {levels} levels")
        if self.period is not None:
            require_positive(period=self.period)
        require_not_negative(dwell=self.dwell)


def _require_table(table: Table, levels: int) -> None:
    fits = table.ndim == 2 and table.size and len(table) == levels
    if not fits or not np.isin(table, range(levels)).all():
        raise BadInput("a table has one row a level, and holds levels from 0 on")


ONE_LEVEL = Switching(np.zeros((1, 1), np.int64))


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Arrivals, `services` by level (best first), k workers that each advance jobs by a batch law.

    `capacity`: most jobs outstanding (K of M/M/k/K); one that finds as many is lost. `deadline`:
    seconds from arrival; a job still waiting then is dropped, one finished later counts as late.
    `qualities` by level, for the effective quality. `crowding` by level, from 0 to 1: the share of
    its time alone by which each other job in the worker lengthens a job; as the law says for None.
    """

    arrivals: Arrivals
    services: tuple[Service, ...]
    horizon: Horizon = Horizon(jobs=100_000)
    workers: int = 1
    law: BatchLaw = ONE_AT_A_TIME
    routing: Routing = "shared"
    switching: Switching = ONE_LEVEL
    capacity: int | None = None
    deadline: float | None = None
    qualities: tuple[float, ...] | None = None
    crowding: tuple[float | None, ...] | None = None

    def __post_init__(self) -> None:
        require_count(workers=self.workers)
        if len(self.services) != len(self.switching.table):
            raise BadInput(
                f"{len(self.services)} services and a table of {len(self.switching.table)} levels: "
                "give a service for each level"
            )
        if self.qualities is not None and len(self.qualities) != len(self.services):
            raise BadInput("give as many qualities as there are levels, or none")
        _require_crowding(self.crowding, len(self.services))
        if self.capacity is not None:
            require_count(capacity=self.capacity)
        if self.deadline is not None:
            require_positive(deadline=self.deadline)

    @property
    def laws(self) -> tuple[BatchLaw, ...]:
        """By level, that of jobs all at it."""
        crowding = self.crowding or (None,) * len(self.services)
        return tuple(self.law.crowded(each) for each in crowding)


def _require_crowding(crowding: tuple[float | None, ...] | None, levels: int) -> None:
    if crowding is None:
        return
    if len(crowding) != levels:
        raise BadInput(f"{len(crowding)} crowdings for {levels} levels: give one a level, or none")
    for each in crowding:
        if each is not None and not 0 <= each <= 1:
            raise BadInput(f"a crowding is {each:g}: it must be from 0 to 1")
