"""The study's ablations as one sweep: thresholds, step budgets, samplers."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple, get_args

from controller.queueing.original.ladders import Mix, Steps, Thresholds, ladder, three_level
from controller.queueing.original.replications import Cell, Outcome, replicated
from controller.queueing.original.study import Dataset, Study
from controller.queueing.simulation.arrivals import Poisson

FIRST_THRESHOLDS = (1, 2, 4)
SECOND_THRESHOLDS = (3, 5, 8)
STEPS: tuple[Steps, ...] = ((100, 50, 20), (80, 40, 10), (150, 80, 40))


class Variant(NamedTuple):
    """A three-level policy: thresholds on the number found, steps by rung, samplers."""

    thresholds: Thresholds
    steps: Steps
    mix: Mix


@dataclass(frozen=True)
class Ablated:
    """One variant for one data set and arrival rate, without conditioning."""

    dataset: Dataset
    rate: float
    variant: Variant
    outcome: Outcome
    clip_score: float
    fid: float

    def as_row(self) -> dict[str, Any]:
        """Flat, for a table; seconds."""
        first, second = self.variant.thresholds
        shares = {f"share_{i}": each.mean for i, each in enumerate(self.outcome.shares)}
        return {
            "dataset": self.dataset,
            "rate": self.rate,
            "t1": first,
            "t2": second,
            "steps": "-".join(map(str, self.variant.steps)),
            "mix": self.variant.mix,
            "response": self.outcome.response.mean,
            "response_half_width": self.outcome.response.half_width,
            "service": self.outcome.service.mean,
            "clip_score": self.clip_score,
            "fid": self.fid,
            **shares,
        }


def variants() -> list[Variant]:
    """Every combination but those whose thresholds cross: T1 = 4 with T2 = 3 has no middle."""
    pairs = [pair for pair in product(FIRST_THRESHOLDS, SECOND_THRESHOLDS) if pair[0] < pair[1]]
    return [Variant(*each) for each in product(pairs, STEPS, get_args(Mix))]


def ablate(study: Study, seeds: int) -> Iterator[Ablated]:
    """Every variant for every data set and arrival rate, with so many replications."""
    for dataset, rate, variant in product(study.datasets, study.arrivals, variants()):
        rungs = ladder(variant.mix, variant.steps)
        switching = three_level(rungs, variant.thresholds)
        cell = Cell(study.datasets[dataset], rungs, switching, study.horizon_seconds)
        yield _judged(study, dataset, rate, variant, replicated(cell, Poisson(rate), seeds))


def _judged(
    study: Study, dataset: Dataset, rate: float, variant: Variant, outcome: Outcome
) -> Ablated:
    """Effective quality: that of the rungs, averaged over the jobs that used them."""
    measured, rungs = study.datasets[dataset], ladder(variant.mix, variant.steps)
    clip_score = _averaged(outcome, [measured.clip_score.at(rung) for rung in rungs])
    fid = _averaged(outcome, [measured.fid.at(rung) for rung in rungs])
    return Ablated(dataset, rate, variant, outcome, clip_score, fid)


def _averaged(outcome: Outcome, figures: list[float]) -> float:
    return sum(share.mean * figure for share, figure in zip(outcome.shares, figures, strict=True))
