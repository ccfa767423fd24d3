"""Runs of the live stack, and how near predictions of them come."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from evidence.report.numbers import Estimate
from evidence.report.sources.near import Near
from evidence.validation.predictions import uncertain

FIGURES = ("mean_response", "p95_response", "mean_number", "effective_quality")


@dataclass(frozen=True)
class Figures:
    """Of one run, by measurement or by a model; None where there is none."""

    mean_response: Estimate | None
    p95_response: Estimate | None
    mean_number: Estimate | None
    effective_quality: Estimate | None
    job_shares: dict[str, float]


@dataclass(frozen=True)
class Service:
    """Of pictures that had one level alone: their work over that expected."""

    level: str
    jobs: int
    ratio: Estimate
    scv: float

    @classmethod
    def together(cls, each: Sequence["Service"]) -> "Service":
        """Of one level in several runs, weighed by their pictures."""
        jobs = sum(one.jobs for one in each)
        weighed = [(one.jobs / jobs, one) for one in each]
        ratio = sum(weight * one.ratio.value for weight, one in weighed)
        half = sum((weight * one.ratio.half_width) ** 2 for weight, one in weighed) ** 0.5
        scv = sum(weight * one.scv for weight, one in weighed)
        return cls(each[0].level, jobs, Estimate(ratio, ratio - half, ratio + half), scv)


@dataclass(frozen=True)
class Leeway:
    """The simulated mean response of a run, and from what to what it is if all pictures take the
    share `doubt` less or more: half the relative interval of what one takes alone by the law."""

    doubt: float
    mean_response: Estimate

    @property
    def wide(self) -> bool:
        """Whether that makes much of it (evidence.validation.predictions.FAR)."""
        return uncertain(self.mean_response)


@dataclass(frozen=True)
class Run:
    """One run of the live stack, and both predictions of it."""

    policy: str
    rate: float
    repeat: int
    requests: int
    utilisation: float | None
    steady: bool
    measured: Figures
    simulated: Figures | None
    closed_form: Figures | None
    errors: dict[str, dict[str, float | None]]
    gaps_scv: Estimate | None
    autocorrelation: Estimate | None
    ks_p: float | None
    services: tuple[Service, ...]
    broken: tuple[str, ...]
    law: Near | None = None
    """By which it was predicted, where validation.json says so"""
    leeway: Leeway | None = None

    @property
    def within_leeway(self) -> bool:
        """Whether the measured mean response is known to lie there."""
        found = self.measured.mean_response
        if found is None or self.leeway is None:
            return False
        said = self.leeway.mean_response
        return said.low <= found.value <= said.high


@dataclass(frozen=True)
class Accuracy:
    """Of a kind of prediction: relative errors of the mean response."""

    runs: int
    median: float | None
    worst: float | None
    held: bool | None


@dataclass(frozen=True)
class Variant:
    """How near predictions on other terms come, `by` the kinds of them that say anything."""

    said: str
    by: Mapping[str, Accuracy]


@dataclass(frozen=True)
class Asked:
    """Of predictions, and up to which utilisation."""

    median: float
    worst: float
    utilisation: float


def accuracy(errors: Sequence[float], asked: Asked) -> Accuracy:
    """Of relative errors."""
    if not errors:
        return Accuracy(0, None, None, None)
    sizes = [abs(each) for each in errors]
    middle, worst = median(sizes), max(sizes)
    return Accuracy(len(sizes), middle, worst, middle <= asked.median and worst <= asked.worst)


@dataclass(frozen=True)
class Cell:
    """The repeats of a policy at a rate."""

    policy: str
    rate: float
    runs: tuple[Run, ...]

    @property
    def steady(self) -> bool:
        """Whether all of them were."""
        return all(run.steady for run in self.runs)

    @property
    def utilisation(self) -> float | None:
        """The models'."""
        return self.runs[0].utilisation

    def figure(self, kind: str, name: str) -> Estimate | None:
        """The mean over the repeats of what one kind says (`measured`, `simulated`, …)."""
        said = (getattr(run, kind) for run in self.runs)
        values = [getattr(figures, name) for figures in said if figures]
        return pooled([value for value in values if value is not None])


def pooled(values: Sequence[Estimate]) -> Estimate | None:
    """The mean of independent estimates; its half-width is √(Σ half-width²)/n."""
    if not values:
        return None
    mean = sum(each.value for each in values) / len(values)
    half = sum(each.half_width**2 for each in values) ** 0.5 / len(values)
    return Estimate(mean, mean - half, mean + half) if len(values) > 1 else values[0]
