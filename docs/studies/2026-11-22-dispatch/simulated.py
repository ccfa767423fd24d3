"""Mean and p95 response of two workers by rule, in simulation: CSV on stdout, seconds.

The simulated shared queue gives an arrival to the worker with the fewest jobs where several have a
place, which the real one does not know. All rules see the same arrivals and the same work.
"""

import csv
import sys

from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.scenario import Horizon, Routing, Scenario
from controller.queueing.simulation.service import Empirical
from controller.queueing.simulation.statistics import replicate
from services.contract.profile import BatchLaw

FIXED_SECONDS, SECONDS_EACH = 0.01709, 0.00732
STEPS = (5, 5, 5, 5, 5, 25, 25, 25, 50, 100)
RULES: tuple[Routing, ...] = ("shared", "jsq", "round-robin", "random")
RATES = {1: (1.6, 2.6, 3.0), 8: (2.0, 5.0, 7.0, 8.0)}


def main() -> None:
    """Each cap and rate under each rule, ten replications of 100,000 jobs."""
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["cap", "rate", "rule", "mean_s", "low", "high", "p95_s"])
    work = Empirical(tuple((FIXED_SECONDS + SECONDS_EACH) * steps for steps in STEPS))
    for cap, rates in RATES.items():
        for rate in rates:
            for rule in RULES:
                scenario = Scenario(
                    arrivals=Poisson(rate),
                    services=(work,),
                    workers=2,
                    law=BatchLaw(tau0=FIXED_SECONDS, tau1=SECONDS_EACH, cap=cap),
                    routing=rule,
                    horizon=Horizon(jobs=100_000),
                )
                found = replicate(scenario, seeds=range(10))
                mean = found.mean_response
                row = [mean.mean, mean.low, mean.high, found.p95_response.mean]
                out.writerow([cap, rate, rule, *(f"{value:.3f}" for value in row)])


if __name__ == "__main__":
    main()
