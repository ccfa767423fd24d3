"""The table of README.md from data.csv: tails and quality with re-timing and without.

Intervals are 95 % bootstrap intervals over pictures (10 000 resamples, seed 1).
"""

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
RESAMPLES = 10_000


def interval(values: np.ndarray, statistic: Callable[..., np.ndarray]) -> str:
    """The statistic and its bootstrap interval."""
    rng = np.random.default_rng(1)
    drawn = rng.choice(values, (RESAMPLES, len(values)))
    low, high = np.percentile(statistic(drawn, axis=1), [2.5, 97.5])
    return f"{statistic(values, axis=0):.2f} [{low:.2f}, {high:.2f}]"


def p95(values: np.ndarray, axis: int) -> np.ndarray:
    """The 95th percentile along an axis."""
    return np.percentile(values, 95, axis=axis)


def main() -> None:
    """Print the table."""
    with (HERE / "data.csv").open() as file:
        found = list(csv.DictReader(file))
    print("| re-timing | pictures | re-timed | mean s | p95 s | longest s | steps | CLIPScore |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for retime in ("off", "on"):
        rows = [row for row in found if row["retime"] == retime]
        seconds = np.array([float(row["seconds"]) for row in rows])
        steps = np.array([float(row["steps"]) for row in rows])
        scores = np.array([float(row["clip_score"]) for row in rows])
        moved = sum(" " in row["levels"] for row in rows)
        print(
            f"| {retime} | {len(rows)} | {moved} | {interval(seconds, np.mean)} "
            f"| {interval(seconds, p95)} | {seconds.max():.2f} | {steps.mean():.1f} "
            f"| {interval(scores, np.mean)} |"
        )


if __name__ == "__main__":
    main()
