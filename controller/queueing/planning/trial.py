"""A table tried in simulation: what the analytic model promised, with its interval."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.conduct import Conduct
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.estimates import Estimate, estimate
from controller.queueing.simulation.records import Records
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import Service, by_scv
from controller.queueing.simulation.state import Floats
from controller.queueing.simulation.warmup import mser5
from controller.queueing.switching import Table
from services.contract.rules import Slo

_NONE = 1e-9
PLAN_SEEDS, REPORT_SEEDS = range(8), range(100, 110)
"""Plans are compared on the first and reported on the second: what was chosen for being best on
some arrivals would look better on them than it is."""


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
class Drawn:
    """A service time whose work is reckoned once for the same uniform numbers: they return with
    every table that is tried."""

    service: Service
    _known: dict[bytes, Floats] = field(default_factory=dict, repr=False, compare=False)

    @property
    def mean(self) -> float:
        """Seconds."""
        return self.service.mean

    @property
    def scv(self) -> float:
        """Squared coefficient of variation."""
        return self.service.scv

    def of(self, uniform: Floats) -> Floats:
        """Work in seconds for each uniform number from [0, 1)."""
        key = uniform.tobytes()
        if key not in self._known:
            self._known[key] = self.service.of(uniform)
        return self._known[key]


@dataclass(frozen=True)
class Trial:
    """Tries tables on the same arrivals and the same work: common random numbers.

    `most_lost`: share of the jobs that may find the queue at its capacity."""

    queue: LevelledQueue
    slo: Slo
    conduct: Conduct = field(default_factory=Conduct)
    jobs: int = 20_000
    most_lost: float = 1.0
    _known: dict[bytes, Outcome] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def _services(self) -> tuple[Drawn, ...]:
        return tuple(Drawn(by_scv(pace.seconds, scv=pace.scv)) for pace in self.queue.paces)

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

    @property
    def tries(self) -> int:
        """Tables tried on the seeds on which plans are compared."""
        return len(self._known)

    def meets(self, outcome: Outcome) -> bool:
        """Whether even the upper end of the interval is within the target, and of the loss within
        its limit."""
        return self.rank(outcome, self.slo.seconds)[0]

    def rank(self, outcome: Outcome, goal: float) -> tuple[bool, float]:
        """Greater is better: first to meet the goal and lose few, then quality; of those that do
        not, the nearer. A goal tighter than the target tightens the limit of losses as well."""
        excess = self.excess(outcome) * self.slo.seconds / goal
        return (True, outcome.quality.mean) if excess <= 1 else (False, -excess)

    def excess(self, outcome: Outcome) -> float:
        """How many times the target, or the limit of losses, the upper end of the interval is;
        whichever is more."""
        lost = outcome.loss.high / max(self.most_lost, _NONE)
        return max(outcome.target.high / self.slo.seconds, lost)

    def _scenario(self, table: Table) -> Scenario:
        queue, conduct = self.queue, self.conduct
        return Scenario(
            arrivals=Poisson(queue.arrival_rate),
            services=self._services,
            horizon=Horizon(jobs=self.jobs),
            workers=queue.workers,
            law=queue.law,
            switching=Switching(
                table, period=conduct.period, dwell=conduct.dwell, retime=conduct.retime
            ),
            capacity=queue.capacity,
            crowding=tuple(pace.crowding for pace in queue.paces),
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
