"""The table of the README from measured.csv: a row for each cap, rate and rule.

The interval is that of the mean difference between the same pictures under `jsq` and `shared`, by a
bootstrap over blocks of pictures that came one after the other, since neighbours share a queue.
"""

import csv
import random
import statistics
from collections import defaultdict
from pathlib import Path

HERE = Path(__file__).parent
BLOCK = 30
RESAMPLES = 2000


def _read() -> dict[tuple[str, str, str], dict[tuple[int, int], tuple[float, int]]]:
    """By cap, rate and rule, the response and the imbalance of each picture of each seed."""
    found = defaultdict(dict)
    with (HERE / "measured.csv").open() as file:
        for row in csv.DictReader(file):
            picture = int(row["seed"]), int(row["job"])
            told = float(row["response_s"]), int(row["imbalance"])
            found[row["cap"], row["rate"], row["rule"]][picture] = told
    return found


def _interval(differences: list[float]) -> str:
    """95 % interval of the mean, from blocks drawn anew."""
    blocks = [differences[at : at + BLOCK] for at in range(0, len(differences), BLOCK)]
    draw = random.Random(1)
    means = sorted(
        statistics.mean(value for block in draw.choices(blocks, k=len(blocks)) for value in block)
        for _ in range(RESAMPLES)
    )
    return f"{means[RESAMPLES // 40]:+.2f} … {means[-RESAMPLES // 40]:+.2f}"


def main() -> None:
    """Print mean, p95, how often a picture joined the worker that drew more, and the difference."""
    measured = _read()
    print("| cap | pictures/s | rule | pictures | mean s | p95 s | joined busier | less shared |")
    print("| ---: | ---: | --- | ---: | ---: | ---: | ---: | --- |")
    for (cap, rate, rule), found in sorted(measured.items()):
        responses = [response for response, _ in found.values()]
        p95 = statistics.quantiles(responses, n=20)[-1]
        joined = statistics.mean(imbalance < 0 for _, imbalance in found.values())
        shared = measured[cap, rate, "shared"]
        less = _interval([found[one][0] - shared[one][0] for one in sorted(found)])
        cells = [cap, rate, rule, len(found), f"{statistics.mean(responses):.2f}", f"{p95:.2f}"]
        cells += [f"{joined:.0%}", "" if rule == "shared" else less]
        print("|", " | ".join(map(str, cells)), "|")


if __name__ == "__main__":
    main()
