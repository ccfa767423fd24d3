"""Thresholds planned anew as a simulation goes on, by the rule of the live controller. Pure.

Once a second it reads how many jobs were accepted; the live estimator makes a rate of that
(controller.estimate), and where controller.occasion has a reason to, thresholds are planned for it,
by steps from those before or by a search of all, as it says. They are in force from the decision
after the next look on, as those that are planned beside the live loop. Service times are taken as
known; live, they are estimated as well.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, Protocol, Self

from controller.estimate import ArrivalRate
from controller.model import Thresholds
from controller.occasion import Choose, Plan, plan_for, reason_to_plan
from controller.queueing.replanning import replan
from controller.queueing.switching import Table
from services.contract.forecast import Forecast, Rate
from services.contract.rules import Slo

LOOK_SECONDS = 1.0
"""Between two looks: LEARN_SECONDS of controller.control."""
STEP = 1.03
"""Of the grid of rates that are planned for: at most half of it off, less than the estimate is."""
NOTHING_SEEN = ArrivalRate()
_SETTLED = 10
"""Memories after which an estimator has forgotten its beginning."""


class Estimator(Protocol):
    """Of the arrival rate: controller.estimate.ArrivalRate, or one that knows it."""

    @property
    def rate(self) -> Rate | None: ...

    def seen(self, counted: int, now: float) -> Self:
        """After a counter of arrivals was read."""


class Tables(NamedTuple):
    """Which level to go to, and which while the oldest job has waited too long (Switching)."""

    table: Table
    impatient: Table


class Progress(NamedTuple):
    """After a look: the estimate, the tables in force, what they were planned for, and the plan
    that comes into force with the next look."""

    watching: Estimator
    tables: Tables
    plan: Plan | None = None
    under_way: Plan | None = None


@dataclass(frozen=True, eq=False)
class Replanning:
    """How the rules of a queue are planned anew.

    `known` is the live model but for its arrivals, with the thresholds in force before the first
    plan, if any; `plan` gives thresholds for such a model, `tables` what `decide` makes of it.
    `estimator` is what is known of the arrivals as the simulation begins, its counter at 0 at time
    0: nothing, or of one that has watched for long, whose plan is then in force at once.
    """

    known: Forecast
    plan: Choose
    tables: Callable[[Forecast], Tables]
    estimator: Estimator = NOTHING_SEEN

    def begin(self) -> Progress:
        """At time 0."""
        fresh = Progress(self.estimator.seen(0, 0.0), self.tables(self.known))
        begun = self._began(fresh, 0.0)
        return self._adopted(begun) if begun.under_way else begun

    def look(self, progress: Progress, counted: int, now: float) -> Progress:
        """After the decision at a time, when so many jobs have been accepted."""
        seen = progress._replace(watching=progress.watching.seen(counted, now))
        return self._adopted(seen) if seen.under_way else self._began(seen, now)

    def _adopted(self, progress: Progress) -> Progress:
        made = progress.under_way
        if made is None:
            return progress
        tables = self.tables(self.known.model_copy(update=made.chosen._asdict()))
        return Progress(progress.watching, tables, plan=made)

    def _began(self, progress: Progress, now: float) -> Progress:
        rate = progress.watching.rate
        if rate is None:
            return progress
        found = self.known.model_copy(update={"at": now, "arrivals": rate})
        why = reason_to_plan(found, progress.plan)
        if why is None:
            return progress
        return progress._replace(under_way=plan_for(found, why, progress.plan, self.plan))


def planned(
    found: Forecast, slo: Slo, qualities: tuple[float, ...], start: Thresholds | None = None
) -> Thresholds:
    """What the live controller would plan for this model, by steps from `start` if it is given; its
    rate is rounded to a grid, so that replications share their plans."""
    rounded = {"at": 0.0, "arrivals": Rate(value=_on_grid(found.arrivals.value))}
    return _planned(found.model_copy(update=rounded), slo, qualities, start)


def settled(rate: float) -> ArrivalRate:
    """An estimator that has watched arrivals of a rate for long, one as far from the next as any
    other; jobs a second."""
    watching = ArrivalRate()
    for look in range(math.ceil(_SETTLED * watching.memory / LOOK_SECONDS) + 1):
        now = look * LOOK_SECONDS
        watching = watching.seen(math.floor(rate * now), now)
    return watching._replace(counted=0, at=0.0)


def _on_grid(rate: float) -> float:
    return STEP ** round(math.log(rate, STEP)) if rate > 0 else 0.0


_planned = lru_cache(maxsize=4096)(replan)
