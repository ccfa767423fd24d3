"""Every contender at every rate."""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from controller.queueing.frontier.contenders import Contender, Way
from controller.queueing.planning.request import Request
from controller.queueing.refusal import BadInput
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.estimates import Estimate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from controller.queueing.simulation.stability import utilisation_when_long
from controller.queueing.simulation.statistics import Summary, replicate
from controller.queueing.simulation.warmup import mser5, no_warm_up

FIRST_SEED = 1000
"""None on which the planner chose: the best on some arrivals looks better on them than it is."""
ESTIMATES = ("mean_response", "p95_response", "effective_quality", "mean_number", "switch_rate")


@dataclass(frozen=True)
class Effort:
    """Replications, and how long each is: jobs where there is a steady state, from which the
    warm-up is cut; seconds of arrivals from an empty system where there is none."""

    replications: int = 8
    jobs: int = 10_000
    seconds: float = 600.0


@dataclass(frozen=True)
class Point:
    """One contender at one rate: seconds, jobs, changes a second; shares by the name of a level.

    Without a steady state (`stable`), the figures are those of so many seconds from empty, and
    grow with them.
    """

    contender: str
    rate: float
    stable: bool
    utilisation: float
    """Of the level that a long queue is given."""
    mean_response: Estimate
    p95_response: Estimate
    effective_quality: Estimate
    mean_number: Estimate
    switch_rate: Estimate
    residency: dict[str, float]
    job_shares: dict[str, float]
    note: str = ""

    def as_row(self) -> dict[str, Any]:
        """Flat, for a table."""
        row: dict[str, Any] = {"contender": self.contender, "rate": self.rate}
        row |= {"stable": self.stable, "utilisation": self.utilisation}
        for name in ESTIMATES:
            found: Estimate = getattr(self, name)
            row |= {name: found.mean, f"{name}_half_width": found.half_width}
        row["levels"] = " ".join(self.residency)
        row["residency"] = " ".join(f"{share:.4f}" for share in self.residency.values())
        return row | {"note": self.note}

    def as_json(self) -> dict[str, Any]:
        """The same with intervals and shares by name."""
        found = {name: getattr(self, name) for name in dataclasses.asdict(self)}
        return found | {name: found[name].as_json() for name in ESTIMATES}


class Served(NamedTuple):
    """How a contender served a rate, and what came of it."""

    way: Way
    point: Point


def sweep(
    lineup: dict[str, Contender], request: Request, asked: list[float], effort: Effort
) -> Iterator[Served]:
    """Rate by rate; the same arrivals and the same work for all at one rate."""
    for rate in asked:
        at_rate = dataclasses.replace(request, rate=rate)
        for name, contender in lineup.items():
            way = contender(at_rate)
            yield Served(way, point(name, way, at_rate, effort))


def point(name: str, way: Way, request: Request, effort: Effort) -> Point:
    """What a contender does at the request's rate."""
    long = scenario(way, request)
    utilisation = utilisation_when_long(long)
    summary = _summary(long, effort, stable=utilisation < 1)
    if summary.effective_quality is None:
        raise BadInput("every level needs a quality")
    return Point(
        contender=name,
        rate=request.rate,
        stable=utilisation < 1,
        utilisation=utilisation,
        mean_response=summary.mean_response,
        p95_response=summary.p95_response,
        effective_quality=summary.effective_quality,
        mean_number=summary.mean_number,
        switch_rate=summary.switch_rate,
        residency=_by_name(way, summary.residency),
        job_shares=_by_name(way, summary.job_shares),
        note=way.note,
    )


def scenario(way: Way, request: Request) -> Scenario:
    """As the live system would run it: a decision every period, the dwell, re-timing."""
    conduct = request.conduct
    return Scenario(
        arrivals=Poisson(request.rate),
        services=tuple(by_scv(each.pace.seconds, each.pace.scv) for each in way.ladder),
        workers=request.workers[0],
        law=request.profile.law(request.queue),
        switching=Switching(way.table, conduct.period, conduct.dwell, retime=conduct.retime),
        capacity=request.capacity,
        qualities=tuple(each.quality.value for each in way.ladder),
        crowding=tuple(each.pace.crowding for each in way.ladder),
    )


def _summary(long: Scenario, effort: Effort, *, stable: bool) -> Summary:
    seeds = range(FIRST_SEED, FIRST_SEED + effort.replications)
    if stable:
        return replicate(dataclasses.replace(long, horizon=Horizon(effort.jobs)), seeds, mser5)
    short = dataclasses.replace(long, horizon=Horizon(seconds=effort.seconds))
    return replicate(short, seeds, no_warm_up)


def _by_name(way: Way, shares: tuple[Estimate, ...]) -> dict[str, float]:
    return {name: share.mean for name, share in zip(way.names, shares, strict=True)}
