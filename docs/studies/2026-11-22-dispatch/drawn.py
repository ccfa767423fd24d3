"""Mean and 95th percentile of the response under both rules, and their difference by request.

python drawn.py FOLDER, of what drawn.sh has written.
"""

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from scipy import stats

BATCHES = 12


def responses(name: str) -> dict[int, float]:
    """Seconds by the number of the request, which has the same due time under both rules."""
    with gzip.open(Path(sys.argv[1]) / f"{name}.jsonl.gz", "rt") as lines:
        records = [json.loads(line) for line in lines]
    return {each["number"]: each["finished"] - each["due"] for each in records if each["finished"]}


for seed in (1, 2):
    shared, jsq = responses(f"shared-{seed}"), responses(f"jsq-{seed}")
    both = sorted(shared.keys() & jsq.keys())
    means = [part.mean() for part in np.array_split([jsq[n] - shared[n] for n in both], BATCHES)]
    reach = stats.t.ppf(0.975, BATCHES - 1) * stats.sem(means)
    for rule, found in (("shared", shared), ("jsq", jsq)):
        values = [found[n] for n in both]
        print(f"{seed} {rule}: {np.mean(values):.3f} s, p95 {np.percentile(values, 95):.3f} s")
    print(f"{seed} jsq less shared: {np.mean(means):+.3f} ± {reach:.3f} s, {len(both)} pictures")
