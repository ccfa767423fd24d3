"""Scene h: jobs that the simulator of queues does in a second, beside Ciw on the same queues."""

import sys
import time
from collections.abc import Callable

import numpy as np

from bench.conditions import Conditions
from bench.contenders.ciw_queue import CiwQueue
from bench.medians import interleaved, median, ratio
from bench.records import Finding, Records, Target
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import Exponential

REPEATS = 5
OUR_JOBS, THEIR_JOBS = 1_000_000, 20_000
QUEUES = {
    "M/M/1": CiwQueue(rate=0.8, means=(1.0,)),
    "level-switching M/M/2": CiwQueue(2.4, means=(1.2, 0.8, 0.4), depths=(4, 8), servers=2),
}
"""The second is stable at its last two levels alone."""


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """Each queue by both, and the ratio."""
    print("compiling the simulator", file=sys.stderr)
    for queue in QUEUES.values():
        simulate(scenario(queue, 1000), 0)
    repeats = conditions.repeats(REPEATS)
    return [finding for name in QUEUES for finding in _compared(name, repeats, records)]


def scenario(queue: CiwQueue, jobs: int) -> Scenario:
    """The same queue in our terms: a table whose level depends on the depth alone."""
    depth = np.arange(max((1, *queue.depths)) + 1)
    level = np.searchsorted(queue.depths, depth, side="right")
    return Scenario(
        arrivals=Poisson(queue.rate),
        services=tuple(Exponential(mean) for mean in queue.means),
        switching=Switching(np.tile(level, (len(queue.means), 1))),
        workers=queue.servers,
        horizon=Horizon(jobs=jobs),
    )


def _compared(name: str, repeats: int, records: Records) -> list[Finding]:
    print(f"{name} by both", file=sys.stderr)
    queue = QUEUES[name]
    ours = scenario(queue, OUR_JOBS)
    rates = interleaved(
        {
            "ours": lambda: _rate(lambda: simulate(ours, 1), OUR_JOBS),
            "Ciw": lambda: _rate(lambda: queue.run(THEIR_JOBS, 1), THEIR_JOBS),
        },
        repeats,
    )
    for contender, values in rates.items():
        records.keep("h", name, values, contender=contender, unit="jobs/s")
    speeds = [Finding("h", f"{name}, {who}", median(rates[who]), "jobs/s") for who in rates]
    quotient = ratio(rates["ours"], rates["Ciw"])
    return [*speeds, Finding("h", f"{name}, ours / Ciw", quotient, "×", Target("at least", 50.0))]


def _rate(work: Callable[[], object], jobs: int) -> float:
    start = time.perf_counter()
    work()
    return jobs / (time.perf_counter() - start)
