"""One shared queue against joining the shortest of each worker's own, under the same requests."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from evidence.report.numbers import Estimate
from evidence.report.sources import sweeps
from evidence.report.study import Study
from loadgen import metrics
from loadgen.record import Record

NORMAL = 1.96
RULES = ("shared", "jsq")
Seconds = dict[int, float]
"""Response times by the number of the request."""


@dataclass(frozen=True)
class Rate:
    """Both rules at one rate; seconds. `difference` is jsq less shared, request by request."""

    policy: str
    rate: float
    jobs: int
    shared: Estimate
    jsq: Estimate
    shared_p95: Estimate
    jsq_p95: Estimate
    difference: Estimate

    @property
    def change(self) -> float:
        """Of the mean, relative to the shared queue."""
        return self.difference.value / self.shared.value

    @property
    def verdict(self) -> str:
        """Which is shorter, if chance does not explain it."""
        if self.difference.high < 0:
            return "jsq"
        return "shared" if self.difference.low > 0 else "no difference"


@dataclass(frozen=True)
class Dispatch:
    """By policy and rate."""

    rates: tuple[Rate, ...]

    def won(self, verdict: str) -> int:
        """At how many rates it came out so."""
        return sum(each.verdict == verdict for each in self.rates)


def load(study: Study) -> Dispatch | None:
    """Of OUT/dispatch; None where the two rules have no load in common. Raises BadStudy."""
    shared, jsq = (_responses(study, rule) for rule in RULES)
    both = [key for key in shared if key in jsq]
    found = [_rate(*key, shared[key], jsq[key]) for key in both]
    known = sorted((each for each in found if each), key=lambda each: (each.policy, each.rate))
    return Dispatch(tuple(known)) if known else None


def _responses(study: Study, rule: str) -> Mapping[tuple[str, float], dict[int, Seconds]]:
    """By policy and rate, of each repeat."""
    found: dict[tuple[str, float], dict[int, Seconds]] = defaultdict(dict)
    for run in sweeps.runs(study.folder / "dispatch" / rule):
        found[run.policy, run.rate][run.repeat] = _by_number(run.records)
    return found


def _by_number(records: list[Record]) -> Seconds:
    return {
        each.number: metrics.responses([each])[0] for each in records if metrics.responses([each])
    }


def _rate(
    policy: str, rate: float, shared: dict[int, Seconds], jsq: dict[int, Seconds]
) -> Rate | None:
    pairs = [
        (shared[repeat][number], jsq[repeat][number])
        for repeat in sorted(shared.keys() & jsq.keys())
        for number in sorted(shared[repeat].keys() & jsq[repeat].keys())
    ]
    if len(pairs) < sweeps.LEAST_JOBS:
        return None
    columns = [[pair[side] for pair in pairs] for side in (0, 1)]
    figures = [figure(column) for figure in (sweeps.mean, sweeps.p95) for column in columns]
    return Rate(policy, rate, len(pairs), *figures, _difference(pairs))  # type: ignore[arg-type]


def _difference(pairs: list[tuple[float, float]]) -> Estimate:
    """Of paired requests, by batch means: neighbours wait in the same queue."""
    apart = [other - one for one, other in pairs]
    size = max(1, round(sqrt(len(apart))))
    means = [fmean(apart[start : start + size]) for start in range(0, len(apart), size)]
    half = NORMAL * stdev(means) / sqrt(len(means)) if len(means) > 1 else float(abs(apart[0]))
    middle = fmean(apart)
    return Estimate(middle, middle - half, middle + half)
