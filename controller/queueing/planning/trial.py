"""A table tried in simulation: what the analytic model promised, with its interval."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.estimates import Estimate, estimate
from controller.queueing.simulation.records import Records
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from controller.queueing.simulation.warmup import mser5
from controller.queueing.switching import Table
from services.contract.rules import Slo

PLAN_SEEDS, REPORT_SEEDS = range(8), range(100, 110)
"""Plans are compared on the first and reported on the second: what was chosen for being best on
some arrivals would look better on them than it is."""


@dataclass(frozen=True)
class Conduct:
    """How the live system obeys a table: `period` seconds between decisions, `dwell` between two
    changes, and whether work in hand is re-timed by a change."""

    period: float = 0.25
    dwell: float = 2.0
    retime: bool = False


class Outcome(NamedTuple):
    """What a table did: quality, the figure that the target is about, and others; seconds."""

    quality: Estimate
    target: Estimate
    p95: Estimate
    mean: Estimate
    switches: Estimate
    loss: Estimate
    shares: NDArray[np.float64]
    """Of the jobs, by level."""


@dataclass(frozen=True)
class Trial:
    """Tries tables on the same arrivals and the same work: common random numbers."""

    queue: LevelledQueue
    slo: Slo
    conduct: Conduct = field(default_factory=Conduct)
    jobs: int = 20_000
    _known: dict[bytes, Outcome] = field(default_factory=dict, repr=False, compare=False)

    def outcome(self, table: Table) -> Outcome:
        """On the seeds on which plans are compared; remembered."""
        key = table.tobytes() + bytes(str(table.shape), "ascii")
        if key not in self._known:
            self._known[key] = self.tried(table, PLAN_SEEDS)
        return self._known[key]

    def tried(self, table: Table, seeds: Iterable[int] = REPORT_SEEDS) -> Outcome:
        """On these seeds, without the warm-up that MSER-5 cuts (simulation.warmup)."""
        scenario = self._scenario(table)
        rows = [self._figures(simulate(scenario, seed)) for seed in seeds]
        shares = np.mean([row[0] for row in rows], axis=0)
        columns = np.array([row[1] for row in rows]).T
        return Outcome(*(estimate(column) for column in columns), shares)

    def meets(self, outcome: Outcome) -> bool:
        """Whether even the upper end of the interval is within the target."""
        return outcome.target.high <= self.slo.seconds

    def _scenario(self, table: Table) -> Scenario:
        queue, conduct = self.queue, self.conduct
        return Scenario(
            arrivals=Poisson(queue.arrival_rate),
            services=tuple(by_scv(pace.seconds, scv=pace.scv) for pace in queue.paces),
            horizon=Horizon(jobs=self.jobs),
            workers=queue.workers,
            law=queue.law,
            switching=Switching(
                table, period=conduct.period, dwell=conduct.dwell, retime=conduct.retime
            ),
            capacity=queue.capacity,
        )

    def _figures(self, run: Records) -> tuple[NDArray[np.float64], list[float]]:
        counted = np.arange(len(run.arrival)) >= mser5(run.response)
        done = counted & run.done
        response = run.response[done]
        levels = np.bincount(run.last_level[done], minlength=len(self.queue.paces))
        shares = levels / max(1, levels.sum())
        asked = self.slo.percentile
        figures = [
            float(shares @ np.array(self.queue.qualities)),
            float(response.mean() if asked == "mean" else np.percentile(response, asked)),
            float(np.percentile(response, 95)),
            float(response.mean()),
            (len(run.switch_time) - 1) / run.end,
            1 - float(done.sum() / counted.sum()),
        ]
        return shares, figures
