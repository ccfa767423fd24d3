"""Thresholds that the analytic model found, made right for the system as it is simulated."""

import dataclasses
from collections.abc import Iterator
from itertools import islice, permutations

from controller.queueing.planning.screening import Screen
from controller.queueing.planning.search import search
from controller.queueing.planning.thresholds import Thresholds, require_thresholds, table
from controller.queueing.planning.trial import Outcome, Trial
from controller.queueing.planning.yardstick import dearest
from controller.queueing.refusal import BadInput
from controller.queueing.switching import Table

CALIBRATIONS = 6
CLOSE = 0.98
"""A simulated figure this near to the target leaves nothing to gain."""
WORTH = 1e-4
"""A neighbour is better if it gains this share of the best level's lead over the last."""
MOST_TRIALS = 60


def calibrated(trial: Trial, screen: Screen, goal: float) -> Table:
    """The model's best table whose simulated figure stays within `goal` seconds, or the nearest.

    The model's target is moved by as much as the simulation disagrees with it, a few times over.
    """
    aim, best = goal, None
    for _ in range(CALIBRATIONS):
        slo = trial.slo.model_copy(update={"seconds": aim})
        found = table(search(dataclasses.replace(screen, slo=slo)))
        settled = best is not None and (found.shape == best.shape) and (found == best).all()
        best = found if best is None else better(trial, found, best, goal)
        ratio = trial.outcome(found).target.high / goal
        if settled or CLOSE <= ratio <= 1:
            break
        aim /= ratio
    return found if best is None else best


def calibrated_optimum(trial: Trial, goal: float) -> Table:
    """The optimum with the highest price of quality whose simulated figure stays within `goal`."""
    return dearest(trial.queue, lambda found: trial.outcome(found).target.high <= goal)


def better(trial: Trial, one: Table, other: Table, goal: float) -> Table:
    """Of two tables that which stays within the goal with the better quality; else the nearer."""
    return one if rank(trial.outcome(one), goal) > rank(trial.outcome(other), goal) else other


def rank(outcome: Outcome, goal: float) -> tuple[bool, float]:
    """Greater is better."""
    met = outcome.target.high <= goal
    return met, outcome.quality.mean if met else -outcome.target.high


def climbed(trial: Trial, start: Thresholds, goal: float) -> Thresholds:
    """From thresholds to better neighbours in simulation, until none is better or 60 were tried."""
    gain = WORTH * (max(trial.queue.qualities) - min(trial.queue.qualities))
    best, tried = start, 0
    while tried < MOST_TRIALS:
        reached = rank(trial.outcome(table(best)), goal)
        found = None
        for near in islice(neighbours(best), MOST_TRIALS - tried):
            tried += 1
            if _gains(rank(trial.outcome(table(near)), goal), reached, gain):
                found = near
                break
        if found is None:
            break
        best = found
    return best


def _gains(one: tuple[bool, float], other: tuple[bool, float], gain: float) -> bool:
    return one[0] > other[0] or (one[0] == other[0] and one[1] > other[1] + gain)


def neighbours(found: Thresholds) -> Iterator[Thresholds]:
    """Those that differ by a job or two in one threshold, with its climb, against it or without, in
    one climb, or by one job up in one threshold and down in another; what raises quality first."""
    levels = range(len(found.thresholds))
    moves = [{i: step} for step in (2, 1) for i in levels]
    moves += [{i: 1, j: -1} for i, j in permutations(levels, 2)]
    moves += [{i: step} for step in (-1, -2) for i in levels]
    for move in moves:
        for down, up in ((1, 1), (1, 0), (1, -1), (1, -2), (0, 1)):
            near = _moved(found, move, down, up)
            if _fits(near):
                yield near


def _moved(found: Thresholds, move: dict[int, int], down: int, up: int) -> Thresholds:
    leave = tuple(d + down * move.get(i, 0) for i, d in enumerate(found.thresholds))
    back = tuple(u + up * move.get(i, 0) for i, u in enumerate(found.climb))
    return Thresholds(leave, back)


def _fits(found: Thresholds) -> bool:
    try:
        require_thresholds(found)
    except BadInput:
        return False
    return True
