"""The published latencies beside ours: given the arrivals that the study had, and without."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args

from controller.queueing.original.arrivals import Given
from controller.queueing.original.ladders import always, ladder, three_level
from controller.queueing.original.replications import Cell, Outcome, replicated
from controller.queueing.original.study import Dataset, Interval, Latency, PolicyName, Rung, Study
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.scenario import Switching

MEASURES = ("wait", "service", "response")
KINDS = ("conditioned", "unconditioned")


@dataclass(frozen=True)
class Comparison:
    """One published row, and the same by simulation."""

    dataset: Dataset
    rate: float
    policy: PolicyName
    published: Latency
    conditioned: Outcome
    unconditioned: Outcome

    def inside(self, outcome: Outcome, measure: str) -> bool:
        """Whether the published interval holds our mean."""
        interval: Interval = getattr(self.published, measure)
        return interval.holds(getattr(outcome, measure).mean)

    def close(self, outcome: Outcome, measure: str) -> bool:
        """Whether more replications could change that."""
        interval: Interval = getattr(self.published, measure)
        found = getattr(outcome, measure)
        return interval.has_an_end_in(found.low, found.high)

    def as_row(self) -> dict[str, Any]:
        """Flat, for a table: seconds, with half-widths of 95 % intervals."""
        row: dict[str, Any] = {"dataset": self.dataset, "rate": self.rate, "policy": self.policy}
        for measure in MEASURES:
            interval: Interval = getattr(self.published, measure)
            row[f"{measure}_published"], row[f"{measure}_published_half_width"] = interval
            for name in KINDS:
                found = getattr(getattr(self, name), measure)
                row[f"{measure}_{name}"] = found.mean
                row[f"{measure}_{name}_half_width"] = found.half_width
                row[f"{measure}_{name}_inside"] = self.inside(getattr(self, name), measure)
        return row


def compare(study: Study, seeds: int) -> Iterator[Comparison]:
    """Every published row with so many replications of each kind."""
    for dataset, rates in study.published.items():
        for rate, policies in rates.items():
            given = Given(study.arrivals[rate], study.seeds, study.horizon_seconds)
            for name, latency in policies.items():
                cell = _cell(study, dataset, name)
                pair = (replicated(cell, arrivals, seeds) for arrivals in (given, Poisson(rate)))
                yield Comparison(dataset, rate, name, latency, *pair)


def inside(comparisons: list[Comparison]) -> dict[str, dict[str, int]]:
    """How many published intervals hold our mean, by kind of arrivals and by measure; `close` of
    the responses might fall on the other side with more replications."""
    return {kind: _counted(comparisons, kind) for kind in KINDS}


def _counted(comparisons: list[Comparison], kind: str) -> dict[str, int]:
    pairs = [(each, getattr(each, kind)) for each in comparisons]
    held = {
        measure: sum(each.inside(outcome, measure) for each, outcome in pairs)
        for measure in MEASURES
    }
    return held | {"close": sum(each.close(outcome, "response") for each, outcome in pairs)}


def _cell(study: Study, dataset: Dataset, policy: PolicyName) -> Cell:
    rungs = ladder("mixed", (100, 50, 20))
    switching = _switching(study, rungs, policy)
    return Cell(study.datasets[dataset], rungs, switching, study.horizon_seconds)


def _switching(study: Study, rungs: tuple[Rung, ...], policy: PolicyName) -> Switching:
    if policy == "three-level":
        return three_level(rungs, study.thresholds)
    return always(get_args(PolicyName).index(policy), len(rungs))
