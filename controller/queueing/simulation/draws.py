"""The random numbers of a run, drawn before it, so that policies compare on the same ones."""

import math
from typing import NamedTuple

import numpy as np
from numpy.random import SeedSequence, default_rng

from controller.queueing.simulation.arrivals import Arrivals
from controller.queueing.simulation.scenario import Horizon, Scenario
from controller.queueing.simulation.state import Floats

LOTTERIES = ("jsq", "power-of-two", "random")


class Draws(NamedTuple):
    """Arrival times (n,), work (n, levels) in seconds, and a uniform number each for routing."""

    arrival: Floats
    work: Floats
    lot: Floats


def draw(scenario: Scenario, seed: int) -> Draws:
    """Arrivals, service and routing each have a stream of their own, given by the seed alone."""
    arriving, serving, routing = SeedSequence(seed).spawn(3)
    arrival = arrivals_within(scenario.arrivals, scenario.horizon, arriving)
    uniform = default_rng(serving).random(len(arrival))
    work = np.empty((len(arrival), len(scenario.services)))
    for level, service in enumerate(scenario.services):
        work[:, level] = service.of(uniform)
    lots = scenario.workers > 1 and scenario.routing in LOTTERIES
    lot = default_rng(routing).random(len(arrival)) if lots else np.zeros(len(arrival))
    return Draws(arrival, work, lot)


def arrivals_within(arrivals: Arrivals, horizon: Horizon, stream: SeedSequence) -> Floats:
    """Those within the horizon; there may be none in a short one."""
    if horizon.jobs is not None:
        return arrivals.first(horizon.jobs, default_rng(stream))
    end = horizon.seconds or 0.0
    expected = arrivals.rate * end
    count = math.ceil(expected + 6 * math.sqrt(expected)) + 10
    times = arrivals.first(count, default_rng(stream))
    while len(times) == count and times[-1] <= end:
        count *= 2
        times = arrivals.first(count, default_rng(stream))
    return times[times <= end]
