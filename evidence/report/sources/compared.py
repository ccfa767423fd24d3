"""Runs of the live stack beside their predictions, as the chapters show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from evidence.report.numbers import Estimate
from evidence.report.sources.rivals import Capacity, Contest, Distance, Margin

FIXED = "fixed:"
TABLE = "table:"
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
    """Of pictures that had one level alone: their work over the profile's."""

    level: str
    jobs: int
    ratio: Estimate
    scv: float


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


@dataclass(frozen=True)
class Accuracy:
    """Of a kind of prediction: relative errors of the mean response."""

    runs: int
    median: float | None
    worst: float | None
    held: bool | None


@dataclass(frozen=True)
class Asked:
    """Of predictions, and up to which utilisation."""

    median: float
    worst: float
    utilisation: float


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


@dataclass(frozen=True)
class Gain:
    """What a cheaper fixed level does to the mean response at a rate: ratios below 1 shorten it."""

    cheap: str
    dear: str
    rate: float
    measured: float
    predicted: float

    @property
    def error(self) -> float:
        """Of the predicted ratio, relative to the measured one."""
        return self.predicted / self.measured - 1


@dataclass(frozen=True)
class Served:
    """What a served picture takes: seconds on the way, in finishing, and of a step, τ0 + τ1·b."""

    apart: Estimate
    finishing: Estimate
    tau0: Estimate
    tau1: Estimate
    cap: int


@dataclass(frozen=True)
class Validation:
    """validation.json."""

    slo: str
    overheads: tuple[tuple[str, Estimate], ...]
    runs: tuple[Run, ...]
    simulated: Accuracy
    closed_form: Accuracy
    asked: Asked
    capacity: Capacity | None
    margins: tuple[Margin, ...]
    contests: tuple[Contest, ...]
    variants: tuple[tuple[str, str, Accuracy], ...]
    """Predictions on other terms: which, of what kind, and how near they come."""
    distances: tuple[Distance, ...] = ()
    law: Served | None = None
    stretched: frozenset[tuple[float, int]] = frozenset()
    """Schedules (rate, repeat) that are another one at a different pace."""

    @property
    def policies(self) -> tuple[str, ...]:
        """In the order of the record."""
        return tuple(dict.fromkeys(run.policy for run in self.runs))

    @property
    def cells(self) -> tuple[Cell, ...]:
        """A policy at a rate."""
        keys = dict.fromkeys((run.policy, run.rate) for run in self.runs)
        return tuple(
            Cell(*key, tuple(r for r in self.runs if (r.policy, r.rate) == key)) for key in keys
        )

    @property
    def schedules(self) -> tuple[Run, ...]:
        """A run of each: all policies get the same requests at a rate and repeat."""
        known = {(run.rate, run.repeat): run for run in reversed(self.runs)}
        return tuple(known[key] for key in sorted(known))

    @property
    def tested(self) -> tuple[Run, ...]:
        """A run of each schedule whose gaps were tested, and whose draw is no other's."""
        known = [run for run in self.schedules if run.ks_p is not None]
        return tuple(run for run in known if (run.rate, run.repeat) not in self.stretched)

    def of(self, policy: str) -> tuple[Cell, ...]:
        """One policy's cells, by rate."""
        found = [cell for cell in self.cells if cell.policy == policy]
        return tuple(sorted(found, key=lambda cell: cell.rate))

    @property
    def fixed(self) -> tuple[str, ...]:
        """Policies that stay at one level."""
        return tuple(policy for policy in self.policies if policy.startswith(FIXED))

    @property
    def moving(self) -> tuple[str, ...]:
        """Policies that follow the queue."""
        return tuple(policy for policy in self.policies if not policy.startswith(FIXED))

    @property
    def optimum(self) -> tuple[str, ...]:
        """Policies that are the optimum's table."""
        return tuple(policy for policy in self.policies if policy.startswith(TABLE))

    def tail(self, policy: str, rate: float) -> Estimate | None:
        """The measured 95th percentile of a policy at a rate."""
        found = [cell for cell in self.of(policy) if cell.rate == rate]
        return found[0].figure("measured", FIGURES[1]) if found else None

    def error(self, kind: str, name: str, policy: str | None = None) -> Accuracy:
        """Absolute relative errors of one figure over the runs that accuracy is asked of."""
        found = [run.errors.get(kind, {}).get(name) for run in self._asked(policy)]
        known = [abs(each) for each in found if each is not None]
        if not known:
            return Accuracy(0, None, None, None)
        held = median(known) <= self.asked.median and max(known) <= self.asked.worst
        return Accuracy(len(known), median(known), max(known), held)

    def _asked(self, policy: str | None) -> list[Run]:
        bound = self.asked.utilisation
        runs = [run for run in self.runs if policy is None or run.policy == policy]
        return [run for run in runs if run.steady and (run.utilisation or 0) <= bound]

    @property
    def gains(self) -> tuple[Gain, ...]:
        """Each fixed level against the one before it, at rates where both are steady."""
        pairs = ((self.of(dear), self.of(cheap)) for dear, cheap in pairwise(self.fixed))
        both = ((a, b) for dear, cheap in pairs for a in dear for b in cheap if a.rate == b.rate)
        found = (_gain(dear, cheap) for dear, cheap in both if dear.steady and cheap.steady)
        return tuple(each for each in found if each)

    @property
    def broken(self) -> tuple[tuple[str, int], ...]:
        """Each assumption that was found broken, and in how many runs."""
        said = [sentence for run in self.runs for sentence in dict.fromkeys(run.broken)]
        return tuple((sentence, said.count(sentence)) for sentence in dict.fromkeys(said))

    @property
    def services(self) -> tuple[Service, ...]:
        """Of each level, over the runs, weighed by their pictures."""
        each = [service for run in self.runs for service in run.services]
        levels = dict.fromkeys(service.level for service in each)
        return tuple(_together([one for one in each if one.level == name]) for name in levels)


def _gain(dear: Cell, cheap: Cell) -> Gain | None:
    kinds = ("measured", "simulated")
    found = [[each.figure(kind, FIGURES[0]) for each in (cheap, dear)] for kind in kinds]
    ratios = [one.value / other.value for one, other in found if one and other]
    if len(ratios) < len(kinds):
        return None
    levels = (each.policy.removeprefix(FIXED) for each in (cheap, dear))
    return Gain(*levels, cheap.rate, *ratios)


def pooled(values: Sequence[Estimate]) -> Estimate | None:
    """The mean of independent estimates; its half-width is √(Σ half-width²)/n."""
    if not values:
        return None
    mean = sum(each.value for each in values) / len(values)
    half = sum(each.half_width**2 for each in values) ** 0.5 / len(values)
    return Estimate(mean, mean - half, mean + half) if len(values) > 1 else values[0]


def _together(each: Sequence[Service]) -> Service:
    jobs = sum(one.jobs for one in each)
    weights = [one.jobs / jobs for one in each]
    ratio = sum(w * one.ratio.value for w, one in zip(weights, each, strict=True))
    half = sum((w * one.ratio.half_width) ** 2 for w, one in zip(weights, each, strict=True)) ** 0.5
    scv = sum(w * one.scv for w, one in zip(weights, each, strict=True))
    return Service(each[0].level, jobs, Estimate(ratio, ratio - half, ratio + half), scv)
