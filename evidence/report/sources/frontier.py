"""Latency and effective quality against the rate, in simulation, from fixed to optimal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evidence.report import records
from evidence.report.numbers import MOST_DECIMALS, Estimate
from evidence.report.records import BadStudy
from evidence.report.study import Study

PLANNED, OPTIMAL = "planned", "optimal"


@dataclass(frozen=True)
class Point:
    """One contender at one rate; figures without a steady state are of a finite time."""

    contender: str
    rate: float
    stable: bool
    mean_response: Estimate
    p95_response: Estimate
    quality: Estimate


@dataclass(frozen=True)
class Gap:
    """What the optimum is ahead of the plan by at one rate, in the judge's points."""

    rate: float
    points: float
    half_width: float

    @property
    def ahead(self) -> bool:
        """Whether it is, by as much as a figure can show."""
        return self.points >= 10**-MOST_DECIMALS


@dataclass(frozen=True)
class Frontier:
    """All points, and what they were to keep to."""

    slo: str
    points: tuple[Point, ...]

    @property
    def contenders(self) -> tuple[str, ...]:
        """In the order of the record."""
        return tuple(dict.fromkeys(point.contender for point in self.points))

    @property
    def rates(self) -> tuple[float, ...]:
        """Ascending."""
        return tuple(sorted({point.rate for point in self.points}))

    def of(self, contender: str) -> tuple[Point, ...]:
        """One contender's, by rate."""
        found = [point for point in self.points if point.contender == contender]
        return tuple(sorted(found, key=lambda point: point.rate))

    def at(self, rate: float) -> tuple[Point | None, ...]:
        """Each contender's at a rate."""
        known = {point.contender: point for point in self.points if point.rate == rate}
        return tuple(known.get(name) for name in self.contenders)

    def limit(self, contender: str) -> float | None:
        """The highest rate at which it was in a steady state."""
        return max((point.rate for point in self.of(contender) if point.stable), default=None)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """From the plan to the optimum, at rates where both are in a steady state."""
        planned = {point.rate: point for point in self.of(PLANNED) if point.stable}
        best = [point for point in self.of(OPTIMAL) if point.stable and point.rate in planned]
        return tuple(_gap(planned[point.rate], point) for point in best)

    @property
    def largest_gap(self) -> Gap | None:
        """Of all rates."""
        return max(self.gaps, key=lambda gap: gap.points, default=None)

    @property
    def shown(self) -> tuple[float, ...]:
        """Rates for a table that fits a page."""
        return thinned(self.rates, 10)


def thinned(rates: Sequence[float], most: int) -> tuple[float, ...]:
    """At most so many of them, ends included."""
    if len(rates) <= most:
        return tuple(rates)
    return tuple(rates[round(i * (len(rates) - 1) / (most - 1))] for i in range(most))


def read(study: Study) -> Frontier | None:
    """Of OUT/frontier; None where it was not simulated. Raises BadStudy."""
    path = study.folder / "frontier" / "frontier.json"
    found = records.load(path)
    if found is None:
        return None
    try:
        return Frontier(found["slo"], tuple(map(_point, found["points"])))
    except (KeyError, TypeError) as error:
        raise BadStudy(f"{path} is no frontier: {error!r}") from error


def _point(told: dict[str, Any]) -> Point:
    figures = (_estimate(told[f"{name}"]) for name in ("mean_response", "p95_response"))
    quality = _estimate(told["effective_quality"])
    return Point(told["contender"], told["rate"], told["stable"], *figures, quality)


def _estimate(told: dict[str, Any]) -> Estimate:
    return Estimate(told["mean"], *told["ci95"])


def _gap(planned: Point, best: Point) -> Gap:
    half = (planned.quality.half_width**2 + best.quality.half_width**2) ** 0.5
    return Gap(best.rate, best.quality.value - planned.quality.value, half)
