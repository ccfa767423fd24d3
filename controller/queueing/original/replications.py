"""Runs of one cell, and what they say."""

from dataclasses import dataclass

import numpy as np

from controller.queueing.original.study import Measured, Rung
from controller.queueing.simulation.arrivals import Arrivals
from controller.queueing.simulation.estimates import Estimate, estimate
from controller.queueing.simulation.records import Records
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import Deterministic
from controller.queueing.simulation.state import Floats


@dataclass(frozen=True)
class Outcome:
    """Means over the jobs of a run, estimated over runs: seconds, and the share of each rung."""

    wait: Estimate
    service: Estimate
    response: Estimate
    shares: tuple[Estimate, ...]


@dataclass(frozen=True, eq=False)
class Cell:
    """One server, rungs and a rule that picks; jobs come for `seconds`, and all are served."""

    measured: Measured
    rungs: tuple[Rung, ...]
    switching: Switching
    seconds: float

    def scenario(self, arrivals: Arrivals) -> Scenario:
        """The cell as the simulator takes it."""
        return Scenario(
            arrivals=arrivals,
            services=tuple(Deterministic(self.measured.seconds(rung)) for rung in self.rungs),
            switching=self.switching,
            horizon=Horizon(seconds=self.seconds),
        )


def replicated(cell: Cell, arrivals: Arrivals, seeds: int) -> Outcome:
    """The means of so many runs; every run counts alike, as in the study, empty ones not at all."""
    scenario = cell.scenario(arrivals)
    rows = np.array([_means(simulate(scenario, seed)) for seed in range(seeds)])
    wait, service, response, *shares = (estimate(column) for column in rows.T)
    return Outcome(wait, service, response, tuple(shares))


def _means(records: Records) -> Floats:
    """Wait, service, response, and the share of each rung; NaN where nobody came."""
    jobs = len(records.arrival)
    if not jobs:
        return np.full(3 + records.levels, np.nan)
    shares = np.bincount(records.level, minlength=records.levels) / jobs
    service = records.finish - records.start
    times = (records.wait.mean(), service.mean(), records.response.mean())
    return np.array([*times, *shares])
