"""When a simulation agrees with a theory."""

from scipy.stats import t as student

from controller.queueing.simulation.estimates import Estimate
from controller.queueing.simulation.scenario import Horizon, Scenario
from controller.queueing.simulation.statistics import Summary, replicate

REPLICATIONS = 20
WIDER = student.ppf(0.9995, REPLICATIONS - 1) / student.ppf(0.975, REPLICATIONS - 1)
"""From the 95 % interval to that of 99.9 %, so that a hundred comparisons rarely fail by chance."""


def simulated(jobs: int = 20_000, **scenario: object) -> Summary:
    """The estimates of so many jobs in each replication."""
    return replicate(Scenario(horizon=Horizon(jobs=jobs), **scenario), range(REPLICATIONS))


def agrees(found: Estimate, value: float, within: float) -> bool:
    """Whether the 99.9 % interval holds the value, and its 95 % one is no wider than ± `within`
    of the value, for a wide interval would agree with anything."""
    precise = found.half_width <= within * value
    return precise and abs(found.mean - value) <= WIDER * found.half_width
