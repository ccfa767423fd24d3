"""The plan: levels, thresholds and workers with the best effective quality within the target.

The analytic model (levels.hysteresis, levels.response) picks ladders and thresholds; simulation
with the actual variation of services and the live system's ticks and dwell corrects them, all on
common random numbers; and what is reported is simulated on fresh ones.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from controller.model import Thresholds
from controller.queueing.levels import hysteresis
from controller.queueing.planning.ladder import Candidate, Frontier, candidates, fastest, frontier
from controller.queueing.planning.predicting import replanned, slo_table
from controller.queueing.planning.refinement import (
    calibrated,
    calibrated_optimum,
    climbed,
)
from controller.queueing.planning.request import Request
from controller.queueing.planning.shortlist import STEADY, Promise, shortlist
from controller.queueing.planning.target import named, written
from controller.queueing.planning.thresholds import table
from controller.queueing.planning.trial import Outcome, Trial
from controller.queueing.planning.yardstick import gap_to_optimal
from controller.queueing.refusal import Refusal, Unstable
from controller.queueing.switching import Table

TIGHTENINGS = 3
"""How often the goal is tightened when fresh arrivals do not confirm a plan."""


class Impossible(Refusal):
    """No plan meets the target; the message says which comes nearest."""


@dataclass(frozen=True)
class Plan:
    """What to run, and what it does in simulation, each figure with its interval.

    `gap_to_optimal`: by how much the best policy's effective quality is above this one's at the
    same mean response, both by the analytic model (yardstick.ACCURACY). `thresholds` are empty for
    rules of the kind slo, and read off the table for those of the kind table.
    """

    request: Request
    workers: int
    ladder: tuple[Candidate, ...]
    thresholds: Thresholds
    table: Table
    outcome: Outcome
    gap_to_optimal: float
    frontier: Frontier

    @property
    def met(self) -> bool:
        """Whether the target is met and few enough are lost, with the whole intervals."""
        late = self.outcome.target.high > self.request.slo.seconds
        return not late and self.outcome.loss.high <= self.request.most_lost

    @property
    def levels(self) -> tuple[str, ...]:
        """The names of the ladder's levels, best first."""
        return tuple(each.name for each in self.ladder)

    def as_json(self) -> dict[str, Any]:
        """The figures by the names that scripts rely on, seconds."""
        outcome = self.outcome
        return {
            "rate": self.request.rate,
            "slo": written(self.request.slo),
            "met": self.met,
            "kind": self.request.kind,
            "workers": self.workers,
            "levels": list(self.levels),
            "crowding": [each.crowding for each in self.ladder],
            "thresholds": list(self.thresholds.thresholds),
            "climb": list(self.thresholds.climb),
            "capacity": self.request.capacity,
            "effective_quality": outcome.quality.mean,
            "p95_response": outcome.p95.mean,
            "mean_response": outcome.mean.mean,
            "loss_probability": outcome.loss.mean,
            "switch_rate": outcome.switches.mean,
            "job_shares": outcome.shares.tolist(),
            "ci95": {
                "effective_quality": list(outcome.quality[1:]),
                "p95_response": list(outcome.p95[1:]),
                "mean_response": list(outcome.mean[1:]),
                "loss_probability": list(outcome.loss[1:]),
            },
            "gap_to_optimal": self.gap_to_optimal,
            "left_out": [each._asdict() for each in self.frontier.left_out],
            "remarks": list(self.frontier.remarks),
        }


class _Attempt(NamedTuple):
    """The best found with so many workers."""

    promise: Promise
    thresholds: Thresholds
    table: Table
    trial: Trial
    outcome: Outcome


def plan(request: Request) -> Plan:
    """The plan with the least workers that meet the target.

    Raises Impossible, which names what comes nearest; Unstable where no level of the profile can
    serve the load; BadInput for a profile without levels or qualities.
    """
    found = frontier(candidates(request.profile, request.queue))
    nearest = None
    for workers in range(request.workers[0], request.workers[1] + 1):
        attempt = _attempt(request, found, workers)
        if attempt is not None and attempt.trial.meets(attempt.outcome):
            return _planned(request, found, attempt)
        nearest = attempt or nearest
    if nearest is None:
        raise _unstable(request, found)
    raise Impossible(_refusal(request, nearest))


def _attempt(request: Request, found: Frontier, workers: int) -> _Attempt | None:
    promises = shortlist(request, found.kept, workers)
    if not promises:
        return None
    goal = request.slo.seconds
    for _ in range(TIGHTENINGS):
        attempt = max(
            (_tried(request, promise, goal) for promise in promises),
            key=lambda each: each.trial.rank(each.trial.outcome(each.table), goal),
        )
        attempt = _improved(request, attempt, goal)
        if attempt.trial.meets(attempt.outcome) or not _promising(attempt, goal):
            break
        goal *= 0.99 / attempt.trial.excess(attempt.outcome)
    return attempt


def _promising(attempt: _Attempt, goal: float) -> bool:
    """It met the goal on the arrivals that it was chosen on."""
    return attempt.trial.rank(attempt.trial.outcome(attempt.table), goal)[0]


def _tried(request: Request, promise: Promise, goal: float) -> _Attempt:
    trial = request.trial(promise.screen.queue)
    by_table = request.kind == "table"
    found = calibrated_optimum(trial, goal) if by_table else calibrated(trial, promise.screen, goal)
    return _Attempt(promise, Thresholds((), ()), found, trial, trial.outcome(found))


def _improved(request: Request, attempt: _Attempt, goal: float) -> _Attempt:
    """By steps in simulation, where it is one of thresholds; reported on fresh arrivals."""
    read = thresholds_of(attempt.table)
    if request.kind != "table":
        read = climbed(attempt.trial, read, goal)
        attempt = attempt._replace(table=table(read))
    return attempt._replace(thresholds=read, outcome=attempt.trial.tried(attempt.table))


def thresholds_of(found: Table) -> Thresholds:
    """The least depth at which each level is left from the best one, and the greatest at which it
    is regained from the last one by steps."""
    levels = range(1, len(found))
    last = found.shape[1]
    down = tuple(int(np.argmax([*(found[0] >= level), True])) for level in levels)
    up = tuple(
        max((n for n in range(last) if (found[level, n] < level)), default=0) for level in levels
    )
    return Thresholds(down, up)


def _as_run(attempt: _Attempt, request: Request) -> _Attempt:
    """With what rules that predict do by themselves at this load, whatever was found for it."""
    queue, ladder = attempt.promise.screen.queue, attempt.promise.ladder
    if request.kind == "planned":
        read, found = replanned(queue, request.slo)
    elif request.kind == "slo":
        levels = tuple(each.level for each in ladder)
        read, found = Thresholds((), ()), slo_table(queue, request.slo, levels)
    else:
        return attempt
    return attempt._replace(thresholds=read, table=found, outcome=attempt.trial.tried(found))


def _planned(request: Request, found: Frontier, attempt: _Attempt) -> Plan:
    attempt = _as_run(attempt, request)
    queue = attempt.promise.screen.queue
    measures = hysteresis.measure(queue, attempt.table)
    return Plan(
        request=request,
        workers=queue.workers,
        ladder=attempt.promise.ladder,
        thresholds=attempt.thresholds,
        table=attempt.table,
        outcome=attempt.outcome,
        gap_to_optimal=gap_to_optimal(queue, measures),
        frontier=found,
    )


def _unstable(request: Request, found: Frontier) -> Unstable:
    ladder = (fastest(found.kept),)
    limit = request.loaded(ladder, request.workers[1]).stability_limits[0]
    return Unstable(request.rate / limit, STEADY * limit)


def _refusal(request: Request, nearest: _Attempt) -> str:
    outcome, workers = nearest.outcome, nearest.promise.screen.queue.workers
    names = ", ".join(each.name for each in nearest.promise.ladder)
    asked = named(request.slo)
    return (
        f"no plan meets {written(request.slo)} at {request.rate:g} jobs a second; workers: up to "
        f"{request.workers[1]}. The nearest has {workers} and the levels {names}: "
        f"{asked} {outcome.target.mean:.3g} s ({outcome.target.low:.3g} to "
        f"{outcome.target.high:.3g}), {outcome.loss.mean:.2%} lost, and at most "
        f"{request.most_lost:.2%} may be. Add workers, accept fewer jobs, allow more time or more "
        "losses, or measure a cheaper level."
    )
