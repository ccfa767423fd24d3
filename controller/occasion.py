"""When thresholds are planned anew, for which load, and from where: the rule that the live planner
follows, and the simulated one. Pure."""

from collections.abc import Callable
from typing import NamedTuple

from controller.model import Thresholds
from services.contract.forecast import Forecast, Rate

PERIOD_SECONDS = 60.0
REST_SECONDS = 5.0
DRIFT = 2.0
"""Standard errors that an estimate is off the one planned with before it counts as drifted."""
WHOLE_SECONDS = 300.0
"""After so long all thresholds are searched in any case: steps end at the first ones that none of
their neighbours betters."""
NEARBY = 1.5
"""How many times more or less the load may be for a plan to go by steps from the one before it. So
far, steps are tested to meet the target where a search of all thresholds does, and to come within a
hundredth of the best level's lead of it, for ladders of 3 to 5 levels on one and two workers."""

Choose = Callable[[Forecast, Thresholds | None], Thresholds]
"""Thresholds for a load, by steps from those given, if any."""


class Plan(NamedTuple):
    """Thresholds, what they were planned for, why then, how long that took, and for which load all
    thresholds were searched last; None where that is not known."""

    chosen: Thresholds
    basis: Forecast
    why: str
    seconds: float = 0.0
    searched: Forecast | None = None

    @property
    def told(self) -> str:
        """For the log and the stream of decisions."""
        rate, levels = self.basis.arrivals, ", ".join
        return (
            f"planned anew for {rate.value:.3g} ± {rate.error:.2g} arrivals a second: levels are "
            f"left at {levels(map(str, self.chosen.thresholds))}, regained at "
            f"{levels(map(str, self.chosen.climb))} ({self.why})"
        )


def at_first_sight(found: Forecast) -> Forecast:
    """The model with as many arrivals as its error lets there be.

    Who has watched for a second may have seen the first jobs of a burst: thresholds that are too
    low cost quality for a few seconds, until the next plan, those too high a queue.
    """
    rate = found.arrivals
    cautious = Rate(value=rate.value + rate.error, error=rate.error)
    return found.model_copy(update={"arrivals": cautious})


def reason_to_plan(found: Forecast, plan: Plan | None) -> str | None:
    """Why thresholds should be planned now; None while the last ones are good."""
    if plan is None:
        return "the first plan"
    age = found.at - plan.basis.at
    if age >= PERIOD_SECONDS:
        return f"the last plan is {age:.0f} s old"
    return None if age < REST_SECONDS else _drift(found, plan.basis)


def _drift(found: Forecast, basis: Forecast) -> str | None:
    if found.workers != basis.workers:
        return f"there are {found.workers} workers, not {basis.workers}"
    was, rate = basis.arrivals.value, found.arrivals
    if abs(rate.value - was) > DRIFT * rate.error:
        return f"arrivals went from {was:.3g} to {rate.value:.3g} a second"
    for level, (now, before) in enumerate(zip(found.paces, basis.paces, strict=True)):
        if abs(now.seconds / before.seconds - 1) > DRIFT * now.error:
            return f"level {level} takes {now.seconds:.3g} s, not {before.seconds:.3g} s"
    return None


def plan_for(found: Forecast, why: str, before: Plan | None, choose: Choose) -> Plan:
    """The plan for a load, by steps from the one before where that was for one nearby; the first,
    for as many arrivals as there may be."""
    basis = found if before else at_first_sight(found)
    start = start_of(basis, before)
    searched = before.searched if before and start else basis
    return Plan(choose(basis, start), basis, why, searched=searched)


def start_of(found: Forecast, plan: Plan | None) -> Thresholds | None:
    """The thresholds to take steps from; None where all are to be searched.

    Many small changes may add up: the load is compared with that of the last plan, and with that
    for which all were searched last.
    """
    if plan is None or plan.searched is None:
        return None
    old = found.at - plan.searched.at >= WHOLE_SECONDS
    near = all(_nearby(found, each) for each in (plan.basis, plan.searched))
    return plan.chosen if near and not old else None


def _nearby(found: Forecast, other: Forecast) -> bool:
    """Whether as many workers have about as much to do, whichever level is in force."""
    loads = zip(_loads(found), _loads(other), strict=True)
    alike = all(was / NEARBY <= now <= was * NEARBY for now, was in loads)
    return alike and found.workers == other.workers


def _loads(found: Forecast) -> list[float]:
    """Work that comes a second, by level, in seconds of a job alone."""
    return [found.arrivals.value * pace.seconds for pace in found.paces]
