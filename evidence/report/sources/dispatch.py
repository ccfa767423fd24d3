"""One shared queue against joining the shortest of each worker's own, under the same requests."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import chain

from evidence.report.numbers import Estimate
from evidence.report.sources import intervals, sweeps
from evidence.report.study import Study
from loadgen import metrics
from loadgen.record import Record

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
        found[run.notation, run.rate][run.repeat] = _by_number(run.records)
    return found


def _by_number(records: list[Record]) -> Seconds:
    return {
        each.number: metrics.responses([each])[0] for each in records if metrics.responses([each])
    }


def _rate(
    policy: str, rate: float, shared: dict[int, Seconds], jsq: dict[int, Seconds]
) -> Rate | None:
    each = [_pairs(shared[repeat], jsq[repeat]) for repeat in sorted(shared.keys() & jsq.keys())]
    pairs = list(chain.from_iterable(each))
    difference = intervals.batched_mean([[other - one for one, other in run] for run in each])
    if difference is None:
        return None
    columns = [[pair[side] for pair in pairs] for side in (0, 1)]
    kinds = intervals.neighbours_mean, intervals.neighbours_p95
    figures = [figure(column) for figure in kinds for column in columns]
    return Rate(policy, rate, len(pairs), *figures, difference)


def _pairs(shared: Seconds, jsq: Seconds) -> list[tuple[float, float]]:
    """Of the requests that both answered, in order."""
    return [(shared[number], jsq[number]) for number in sorted(shared.keys() & jsq.keys())]
