"""Tables and scenarios with levels."""

import numpy as np

from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import Exponential, Gamma, Service
from controller.queueing.switching import Table

MEANS = (1.2, 0.8, 0.4)


def stateless(*thresholds: int) -> Table:
    """The level that the depth alone says, whichever is in force."""
    level = np.searchsorted(thresholds, np.arange(thresholds[-1] + 1), side="right")
    return np.tile(level, (len(thresholds) + 1, 1))


def hysteretic(down: int, up: int) -> Table:
    """Two levels: down at the one depth, up again at the other."""
    depth = np.arange(down + 1)
    return np.array([depth >= down, depth > up]).astype(np.int64)


def exponential(means: tuple[float, ...] = MEANS) -> tuple[Service, ...]:
    return tuple(Exponential(mean) for mean in means)


def switching_queue(jobs: int = 5000, rate: float = 2.4, **switching: object) -> Scenario:
    """Three levels on two workers, of which the first cannot keep up."""
    chosen = {"table": stateless(4, 8)} | switching
    return Scenario(
        arrivals=Poisson(rate),
        services=tuple(Gamma(mean, 0.3) for mean in MEANS),
        switching=Switching(**chosen),
        workers=2,
        qualities=(0.9, 0.8, 0.5),
        horizon=Horizon(jobs=jobs),
    )
