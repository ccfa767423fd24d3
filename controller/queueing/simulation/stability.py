"""Whether a scenario has a steady state."""

import numpy as np

from controller.queueing.refusal import require_stable
from controller.queueing.simulation.arrivals import Trace
from controller.queueing.simulation.scenario import Scenario


def utilisation_when_long(scenario: Scenario) -> float:
    """Arriving work over what the workers can do while the queue is long; 0 if it cannot grow.

    λS/(k·speedup), with the mean S and the speedup of full workers at the level where the table
    leads a queue that stays longer than all its columns; of levels that alternate there, the one
    that does most.
    """
    ends = isinstance(scenario.arrivals, Trace)
    if ends or scenario.capacity is not None or scenario.deadline is not None:
        return 0.0
    laws, services = scenario.laws, scenario.services
    each = [services[level].mean / laws[level].speedup for level in _levels_when_long(scenario)]
    return scenario.arrivals.rate * min(each) / scenario.workers


def require_steady(scenario: Scenario) -> None:
    """Raise Unstable where the queue grows without bound."""
    utilisation = utilisation_when_long(scenario)
    limit = scenario.arrivals.rate / utilisation if utilisation else None
    require_stable(utilisation, limit)


def _levels_when_long(scenario: Scenario) -> list[int]:
    """Those that the last column visits for ever."""
    goes_to = np.asarray(scenario.switching.table)[:, -1]
    level = scenario.switching.initial
    for _ in goes_to:
        level = int(goes_to[level])
    visited = [level]
    while goes_to[visited[-1]] != level:
        visited.append(int(goes_to[visited[-1]]))
    return visited
