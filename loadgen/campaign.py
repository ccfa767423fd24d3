"""The runs of a sweep or a comparison: which there are, and what was found. Pure."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from loadgen import metrics
from loadgen.intensity import BadLoad
from loadgen.metrics import Goal
from loadgen.policies import Policy
from loadgen.record import Record

MOST_RATES = 1000


@dataclass(frozen=True)
class Cell:
    """One run: a policy at a rate (requests a second), for the n-th time, counted from 1."""

    policy: Policy
    rate: float
    repeat: int

    @property
    def name(self) -> str:
        """Of its file of records, without the ending."""
        return f"{self.policy.slug}-{self.rate:g}-{self.repeat}"


@dataclass(frozen=True)
class Aim:
    """That `percent` of all requests are answered within the goal."""

    goal: Goal
    percent: float = 95.0

    def held(self, runs: Sequence[Sequence[Record]]) -> bool:
        """Whether it was met in the median of repeated runs."""
        return median(in_time(run, self.goal) for run in runs) >= self.percent / 100


Results = Mapping[tuple[Policy, float], Sequence[Sequence[Record]]]
"""The records of every repeat of a policy at a rate."""


def rates(text: str) -> list[float]:
    """`0.5:4:0.5` (first, last, step) or `0.5,1,2`, increasing. Raises BadLoad otherwise."""
    try:
        found = _range(text) if ":" in text else [float(each) for each in text.split(",")]
    except ValueError:
        found = []
    if not found or not all(0 < rate < math.inf for rate in found):
        raise BadLoad(f"--rates {text!r}: write FIRST:LAST:STEP or 0.5,1,2, all more than 0")
    return sorted(set(found))


def _range(text: str) -> list[float]:
    first, last, step = (float(each) for each in text.split(":"))
    if not (step > 0 and first <= last and (last - first) / step < MOST_RATES):
        raise ValueError("goes nowhere")
    count = math.floor((last - first) / step + 1e-9) + 1
    return [round(first + number * step, 9) for number in range(count)]


def cells(policies: Sequence[Policy], at: Iterable[float], repeats: int) -> list[Cell]:
    """By rate, then by repeat: what happens to the machine meanwhile hits all policies alike."""
    if repeats < 1:
        raise BadLoad(f"there must be at least 1 repeat; got {repeats}")
    if len({policy.slug for policy in policies}) < len(policies):
        raise BadLoad("two policies would be saved under the same name; leave one out")
    again = range(1, repeats + 1)
    return [Cell(policy, rate, n) for rate in at for n in again for policy in policies]


def in_time(records: Sequence[Record], goal: Goal) -> float:
    """The share of all requests that were answered within the goal; 0 where none was sent."""
    counted = metrics.measured(records)
    return metrics.mean([float(goal.met(record)) for record in counted]) if counted else 0.0


def hopeless(results: Results, policy: Policy, rate: float, goal: Goal) -> bool:
    """Whether at some lower rate most requests of the median repeat already missed the goal."""
    below = [runs for (which, at), runs in results.items() if which == policy and at < rate]
    return any(median(in_time(run, goal) for run in runs) < 0.5 for runs in below)


def knee(results: Results, policy: Policy, aim: Aim) -> float | None:
    """The highest rate at which the aim is held, with no lower rate at which it is not."""
    highest = None
    for rate in sorted(at for which, at in results if which == policy):
        if not aim.held(results[policy, rate]):
            break
        highest = rate
    return highest
