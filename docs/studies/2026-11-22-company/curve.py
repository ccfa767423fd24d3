"""Mean response against company, in closed and open loops: python curve.py FOLDER of curve.sh.

What the closed loops say of an open one is the flow-equivalent server of Chandy, Herzog and Woo
(1975): one station that with n pictures completes n / S(n) a second, S(n) the line through them.
"""

import sys
from pathlib import Path

import numpy as np

from evidence.loops import closed_loop
from loadgen import record

CAP, MOST = 8, 400


def main(folder: Path) -> None:
    """Print a row a run."""
    loops = {path: closed_loop(record.read(path)) for path in sorted(folder.glob("*.jsonl.gz"))}
    closed = [loop for path, loop in loops.items() if path.name.startswith("closed")]
    alone, more = line([x.company for x in closed], [x.mean for x in closed])
    print(f"S = {1e3 * alone:.0f} ms + {1e3 * more:.0f} ms for each other, by the closed loops")
    for path, loop in loops.items():
        name, mean = path.name.split(".jsonl")[0], 1e3 * loop.mean
        said = f"{name:12} {loop.company:5.2f} others {mean:5.0f} ms"
        along = f"line {1e3 * (alone + more * loop.company):5.0f}"
        rate = arrivals(path)
        server = f"predicted {1e3 * flow_equivalent(rate, alone, more):5.0f}" if rate else ""
        print(said, along, server)


def line(company: list[float], means: list[float]) -> tuple[float, float]:
    """By least squares of relative errors."""
    design = np.column_stack([np.ones(len(company)), company]) / np.array(means)[:, None]
    found, *_ = np.linalg.lstsq(design, np.ones(len(means)), rcond=None)
    return float(found[0]), float(found[1])


def arrivals(path: Path) -> float | None:
    """Those that came, a second; None for other than Poisson's."""
    if not path.name.startswith("open"):
        return None
    due = [each.due for each in record.read(path)]
    return (len(due) - 1) / (max(due) - min(due))


def flow_equivalent(rate: float, alone: float, more: float) -> float:
    """Mean response of Poisson arrivals at the station, by Little's law; infinite where more come
    than it completes."""
    if rate >= CAP / (alone + more * (CAP - 1)):
        return np.inf
    number = np.arange(1, MOST)
    together = np.minimum(number, CAP)
    weights = np.cumprod(rate * (alone + more * (together - 1)) / together)
    return float(number @ weights / (1 + weights.sum()) / rate)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
