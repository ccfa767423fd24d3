"""Replications of a scenario, summarised."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from controller.queueing.refusal import BadInput
from controller.queueing.simulation.estimates import Estimate, estimated
from controller.queueing.simulation.figures import figures
from controller.queueing.simulation.records import Records
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Scenario
from controller.queueing.simulation.warmup import Cut, mser5, pooled

SHARES = ("utilisation", "residency", "job_shares")
"""Beside the probabilities, what is a part of 1."""


@dataclass(frozen=True)
class Summary:
    """Estimates of one scenario: seconds, jobs, shares from 0 to 1, events a second.

    Responses and waits are those of finished jobs, late ones included. `utilisation` is the share
    of a worker's time with at least one job in it; `residency[i]` the share of time in which level
    i was in force; `job_shares[i]` the share of finished jobs that ended at level i, and
    `effective_quality` the average of their levels' qualities (None without qualities).
    """

    utilisation: Estimate
    probability_of_waiting: Estimate
    mean_wait: Estimate
    mean_response: Estimate
    mean_number: Estimate
    p50_response: Estimate
    p95_response: Estimate
    p99_response: Estimate
    loss_probability: Estimate
    drop_probability: Estimate
    late_probability: Estimate
    throughput: Estimate
    switch_rate: Estimate
    residency: tuple[Estimate, ...]
    job_shares: tuple[Estimate, ...]
    effective_quality: Estimate | None
    replications: int
    warm_up: float
    """The share of jobs that were cut."""


def replicate(scenario: Scenario, seeds: Iterable[int], cut: Cut = mser5) -> Summary:
    """Run once for each seed; at least two. Without a steady state, give `cut=no_warm_up`."""
    runs = (simulate(scenario, seed) for seed in seeds)
    return summarise(runs, scenario.qualities, cut, scenario.horizon.seconds)


def summarise(
    runs: Iterable[Records],
    qualities: tuple[float, ...] | None = None,
    cut: Cut = mser5,
    seconds: float | None = None,
) -> Summary:
    """The estimates of runs that differ in their seeds alone; `seconds` of a horizon that is a
    time. Raises BadInput for fewer than 2.

    Intervals end where values must: at 0, those of shares also at 1, though not the quality's. All
    runs are held in memory (40 bytes a job), because one warm-up is found for all together.
    """
    kept = list(runs)
    if len(kept) < 2:
        raise BadInput("a confidence interval needs two replications or more")
    first = cut(pooled([run.response for run in kept]))
    rows = [figures(run, qualities, first, seconds) for run in kept]
    merged = {name: _bounded(name, estimated([row[name] for row in rows])) for name in rows[0]}
    warm_up = merged.pop("warm_up").mean
    return Summary(**merged, replications=len(rows), warm_up=warm_up)


def _bounded(name: str, found: Any) -> Any:
    """One estimate, or one for each level, with no interval beyond what the figure can be."""
    if name == "effective_quality":
        return found
    if not isinstance(found, Estimate):
        return tuple(_bounded(name, each) for each in found)
    share = name in SHARES or name.endswith("probability") or name.startswith("probability")
    return found.within(0.0, 1.0 if share else math.inf)
