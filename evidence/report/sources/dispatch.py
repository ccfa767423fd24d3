"""One shared queue against joining the shortest of each worker's own, under the same requests."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from evidence.report.records import BadStudy
from evidence.report.sources import crowding, intervals, profile, routed, spread, sweeps
from evidence.report.sources.compared import FIXED
from evidence.report.sources.routed import Theory
from evidence.report.sources.rules import RULES, Beside, Dispatch, Rate, Rule
from evidence.report.sources.spread import Work
from evidence.report.sources.sweeps import SweepRun
from evidence.report.study import Study
from loadgen import began, metrics
from loadgen.record import BadRecord, Record
from services.contract.profile import Profile

Seconds = dict[int, float]
"""Response times by the number of the request."""
Repeats = Mapping[int, list[Record]]
Runs = Mapping[tuple[str, float], Repeats]
"""Of one rule: by policy and rate, the records of each repeat."""


def load(study: Study) -> Dispatch | None:
    """Of OUT/dispatch; None where the two rules have no load in common. Raises BadStudy."""
    found = {rule: sweeps.runs(study.folder / "dispatch" / rule) for rule in RULES}
    shared, jsq = (_records(found[rule]) for rule in RULES)
    theory = _Theory(profile.load(study), study.dispatch_workers)
    both = [key for key in shared if key in jsq]
    rates = [_rate(key, shared[key], jsq[key], theory) for key in both]
    known = sorted((each for each in rates if each), key=lambda each: (each.policy, each.rate))
    return Dispatch(tuple(known), _order(found)) if known else None


def _records(runs: Sequence[SweepRun]) -> Runs:
    found: dict[tuple[str, float], dict[int, list[Record]]] = {}
    for run in runs:
        found.setdefault((run.notation, run.rate), {})[run.repeat] = run.records
    return found


def _order(found: Mapping[str, Sequence[SweepRun]]) -> tuple[str, ...]:
    starts = [(_began(run), rule) for rule, runs in found.items() for run in runs]
    known = sorted((at, rule) for at, rule in starts if at is not None)
    return tuple(rule for _, rule in known) if len(known) == len(starts) else ()


def _began(run: SweepRun) -> float | None:
    try:
        return began.of_run(run.path)
    except (BadRecord, OSError) as error:
        raise BadStudy(str(error)) from error


@dataclass(frozen=True)
class _Theory:
    profile: Profile | None
    workers: int

    def of(self, policy: str, rate: float) -> Theory | None:
        """None where the policy is no fixed level that the profile knows."""
        level = policy.removeprefix(FIXED)
        if self.profile is None or level == policy or level not in _levels(self.profile):
            return None
        return routed.expected(self.profile, level, rate, self.workers)


def _levels(found: Profile) -> set[str]:
    return {rung.level.name for rung in found.rungs if "images" in rung.costs}


def _rate(key: tuple[str, float], shared: Repeats, jsq: Repeats, theory: _Theory) -> Rate | None:
    repeats = sorted(shared.keys() & jsq.keys())
    pairs = [_pairs(_by_number(shared[each]), _by_number(jsq[each])) for each in repeats]
    less = [[other - one for one, other in run] for run in pairs]
    difference, by_repeat = intervals.batched_mean(less), tuple(map(fmean, filter(None, less)))
    if difference is None:
        return None
    columns = [[pair[side] for run in pairs for pair in run] for side in (0, 1)]
    works = [_works(each[repeat] for repeat in repeats) for each in (shared, jsq)]
    rules = [_rule(*each) for each in zip(columns, works, strict=True)]
    fitted = crowding.fit([work for each in works for work in each]) if all(works) else None
    counts = len(repeats), len(columns[0])
    return Rate(*key, *counts, *rules, difference, by_repeat, fitted, theory.of(*key))


def _by_number(records: Sequence[Record]) -> Seconds:
    return {
        each.number: metrics.responses([each])[0] for each in records if metrics.responses([each])
    }


def _pairs(shared: Seconds, jsq: Seconds) -> list[tuple[float, float]]:
    """Of the requests that both answered, in order."""
    return [(shared[number], jsq[number]) for number in sorted(shared.keys() & jsq.keys())]


def _works(runs: Iterator[list[Record]]) -> list[Work]:
    """Of all repeats; none where one does not say which worker it was."""
    found = [spread.of_records(records) for records in runs]
    known = [each for each in found if each is not None]
    return known if len(known) == len(found) else []


def _rule(responses: Sequence[float], works: Sequence[Work]) -> Rule | None:
    figures = intervals.neighbours_mean(responses), intervals.neighbours_p95(responses)
    if not works:
        return Rule(*figures, None, None, None)
    joined = np.concatenate([spread.excess(work) > 0 for work in works]).astype(float)
    spans = [spread.apart(work, intervals.BATCHES).tolist() for work in works]
    beside = np.concatenate([np.transpose(spread.company(work)) for work in works]).mean(axis=0)
    busier, apart = intervals.neighbours_mean(joined), intervals.batched_mean(spans)
    return Rule(*figures, busier, apart, Beside(*map(float, beside)))
