"""What theory expects of dispatch: with a device each, and with one for all workers. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Routing, Scenario
from controller.queueing.simulation.service import by_scv
from controller.queueing.simulation.stability import utilisation_when_long
from controller.queueing.simulation.statistics import summarise
from evidence.report.sources import spread
from services.contract.profile import Profile

SEEDS = range(4)
JOBS = 20_000
EACH: Mapping[str, Routing] = {"least": "shared", "chance": "random", "jsq": "jsq"}
"""A shared queue from which the least busy worker takes, random splitting, and JSQ"""


@dataclass(frozen=True)
class Expected:
    """Of one rule: seconds; the share of jobs that joined the busier worker, and the time average
    of the difference in jobs under way. Both are None with one device."""

    mean: float
    p95: float
    busier: float | None
    apart: float | None


@dataclass(frozen=True)
class Theory:
    """By the names in EACH with a device each, and `one` for all; `cap` pictures in a worker."""

    each: Mapping[str, Expected]
    one: Expected | None
    cap: int

    @property
    def changes(self) -> tuple[float, float]:
        """Of the mean under JSQ relative to all that a shared queue may be: lowest and highest.

        With one place in a worker only an idle one takes, which is the least busy. With more,
        whoever asks first: the least busy one at best, and at worst any that has a place. Of that
        random splitting is an upper bound: there a picture may wait though another has a place.
        """
        shared = ("least",) if self.cap == 1 else ("least", "chance")
        found = [self.each["jsq"].mean / self.each[name].mean - 1 for name in shared]
        return min(found), max(found)


def expected(profile: Profile, level: str, rate: float, workers: int) -> Theory | None:
    """Of pictures at one level, Poisson, by the profile; None where there is nothing to choose or
    no steady state. Raises ProfileError for a level without costs."""
    if workers < 2:
        return None
    cost, law = profile.cost(level, "images"), profile.law("images", level)
    work = by_scv(cost.seconds.value, cost.scv)
    asked = {"arrivals": Poisson(rate), "services": (work,), "horizon": Horizon(jobs=JOBS)}
    each = Scenario(**asked, workers=workers, law=law)
    one = Scenario(**asked, law=law.model_copy(update={"cap": workers * law.cap}))
    if utilisation_when_long(each) >= 1:
        return None
    ruled = {name: _expected(replace(each, routing=routing)) for name, routing in EACH.items()}
    return Theory(ruled, _expected(one) if utilisation_when_long(one) < 1 else None, law.cap)


def _expected(scenario: Scenario) -> Expected:
    runs = [simulate(scenario, seed) for seed in SEEDS]
    found = summarise(runs)
    mean, p95 = found.mean_response.mean, found.p95_response.mean
    if scenario.workers == 1:
        return Expected(mean, p95, None, None)
    spreads = [spread.of_simulation(run) for run in runs]
    busier = float(np.mean([np.mean(spread.excess(each) > 0) for each in spreads]))
    return Expected(mean, p95, busier, float(np.mean([spread.apart(each, 1) for each in spreads])))
