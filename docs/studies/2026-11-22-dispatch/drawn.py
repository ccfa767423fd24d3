"""Mean and 95th percentile of the response under both rules and their difference by request; where
records name the worker, also how pictures were spread and what company cost them.

python drawn.py FOLDER, of what drawn.sh has written.
"""

import sys
from pathlib import Path

import numpy as np
from scipy import stats

from evidence.report.sources import crowding, spread
from evidence.report.sources.spread import Work
from loadgen.record import Record, read

BATCHES = 12
RULES = ("shared", "jsq")


def _responses(records: list[Record]) -> dict[int, float]:
    """Seconds by the number of the request, which has the same due time under both rules."""
    return {each.number: each.response for each in records if each.response is not None}


def _compare(seed: int, runs: dict[str, list[Record]]) -> None:
    shared, jsq = (_responses(runs[rule]) for rule in RULES)
    both = sorted(shared.keys() & jsq.keys())
    means = [part.mean() for part in np.array_split([jsq[n] - shared[n] for n in both], BATCHES)]
    reach = stats.t.ppf(0.975, BATCHES - 1) * stats.sem(means)
    for rule, found in (("shared", shared), ("jsq", jsq)):
        values = [found[n] for n in both]
        print(f"{seed} {rule}: {np.mean(values):.3f} s, p95 {np.percentile(values, 95):.3f} s")
    print(f"{seed} jsq less shared: {np.mean(means):+.3f} ± {reach:.3f} s, {len(both)} pictures")


def _tell(name: str, work: Work) -> None:
    joined, apart = np.mean(spread.excess(work) > 0), spread.apart(work, 1)[0]
    print(f"{name}: {joined:.0%} joined the busier worker; {apart:.2f} apart on average")


def main() -> None:
    """Both seeds, then what company costs in all runs."""
    folder, works = Path(sys.argv[1]), []
    for seed in (1, 2):
        runs = {rule: read(folder / f"{rule}-{seed}.jsonl.gz") for rule in RULES}
        _compare(seed, runs)
        for rule, records in runs.items():
            if work := spread.of_records(records):
                _tell(f"{seed} {rule}", work)
                works.append(work)
    if found := crowding.fit(works):
        print(f"{found.alone.value:.3f} s alone; each other picture lengthens that by")
        for where, each in (("its own", found.own), ("the other", found.other)):
            print(f"{each.value:.1%} ({each.low:.1%} … {each.high:.1%}) in {where} worker")


if __name__ == "__main__":
    main()
