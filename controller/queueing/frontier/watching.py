"""One run of each contender on the same arrivals, to see the queue over time."""

import dataclasses
from dataclasses import dataclass

import numpy as np

from controller.queueing.frontier.contenders import Way
from controller.queueing.frontier.sweep import FIRST_SEED, scenario
from controller.queueing.planning.request import Request
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon
from controller.queueing.simulation.state import Floats, Integers

MOMENTS = 601


@dataclass(frozen=True, eq=False)
class Watched:
    """Jobs outstanding and the name of the level in force at each time, seconds."""

    contender: str
    times: Floats
    depth: Integers
    level: tuple[str, ...]


def watch(name: str, way: Way, request: Request, seconds: float) -> Watched:
    """From an empty system at the request's rate; arrivals end after `seconds`."""
    horizon = Horizon(seconds=seconds)
    run = simulate(dataclasses.replace(scenario(way, request), horizon=horizon), FIRST_SEED)
    times = np.linspace(0.0, seconds, MOMENTS)
    level = tuple(way.names[index] for index in run.level_at(times))
    return Watched(name, times, run.depth(times), level)
