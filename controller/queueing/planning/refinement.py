"""Thresholds that the analytic model found, made right for the system as it is simulated."""

import dataclasses
from collections.abc import Iterator
from itertools import permutations

import numpy as np

from controller.model import Thresholds
from controller.queueing.planning.dearest import priced_tables
from controller.queueing.planning.screening import Screen
from controller.queueing.planning.search import search
from controller.queueing.planning.thresholds import require_thresholds, table
from controller.queueing.planning.trial import Trial
from controller.queueing.refusal import BadInput
from controller.queueing.switching import Table

CALIBRATIONS = 4
CLOSE = 0.97
"""A simulated figure this near to the target leaves nothing to gain."""
WORTH = 1e-4
"""A neighbour is better if it gains this share of the best level's lead over the last."""
MOST_TRIALS = 90
SWITCH_PRICES = (0.0005, 0.005, 0.05)
"""Of a change of level, in shares of what the best level's lead over the last is worth: the process
knows neither the dwell nor the ticks, and which price stands for them best is tried."""

Rank = tuple[bool, float]


def calibrated(trial: Trial, screen: Screen, goal: float) -> Table:
    """The model's best table whose simulated figure stays within `goal` seconds, or the nearest.

    The model's target is moved by as much as the simulation disagrees with it, a few times over.
    """
    aim, found = goal, search(_aimed(screen, goal))
    best = table(found)
    for _ in range(CALIBRATIONS):
        outcome = trial.outcome(table(found))
        ratio = trial.excess(outcome) * trial.slo.seconds / goal
        if CLOSE <= ratio <= 1:
            break
        aim, before = aim / ratio, found
        found = search(_aimed(screen, aim), found)
        if found == before:
            break
        best = better(trial, table(found), best, goal)
    return best


def _aimed(screen: Screen, seconds: float) -> Screen:
    slo = screen.slo.model_copy(update={"seconds": seconds})
    most_lost = screen.most_lost * min(1.0, seconds / screen.slo.seconds)
    return dataclasses.replace(screen, slo=slo, most_lost=most_lost)


def calibrated_optimum(trial: Trial, goal: float) -> Table:
    """Of the optima for many prices of quality and of a switch, that with the best quality whose
    simulated figure stays within `goal`; the last level at every depth where none does."""
    last = len(trial.queue.paces) - 1
    best: Table = np.full((last + 1, 1), last)
    for switch in SWITCH_PRICES:
        met = priced_tables(
            trial.queue, goal, switch, lambda found: trial.rank(trial.outcome(found), goal)[0]
        )
        for found in met:
            best = better(trial, found, best, goal)
    return best


def better(trial: Trial, one: Table, other: Table, goal: float) -> Table:
    """Of two tables that which stays within the goal with the better quality; else the nearer."""
    ours, theirs = (trial.rank(trial.outcome(each), goal) for each in (one, other))
    return one if ours > theirs else other


def climbed(trial: Trial, start: Thresholds, goal: float) -> Thresholds:
    """From thresholds to better neighbours in simulation, by steps that begin at a quarter of the
    depth and are halved where none is better; until a step of 1 gains nothing, or 90 trials.

    A pattern search (Hooke and Jeeves 1961).
    """
    gain = WORTH * float(np.ptp(trial.queue.qualities))
    last = trial.tries + MOST_TRIALS
    best, step = start, _first_step(start)
    while step and trial.tries < last:
        reached = _reached(trial, best, goal)
        near = (each for each in neighbours(best, step) if trial.tries < last)
        found = (each for each in near if _gains(_reached(trial, each, goal), reached, gain))
        better_one = next(found, None)
        best, step = (best, step // 2) if better_one is None else (better_one, step)
    return best


def _first_step(found: Thresholds) -> int:
    """The power of 2 at or below a quarter of the greatest depth; 1 at least, 0 without any."""
    deepest = max(found.thresholds, default=0)
    return 1 << max(deepest // 4, 1).bit_length() - 1 if deepest else 0


def _reached(trial: Trial, found: Thresholds, goal: float) -> Rank:
    return trial.rank(trial.outcome(table(found)), goal)


def _gains(one: Rank, other: Rank, gain: float) -> bool:
    return one[0] > other[0] or (one[0] == other[0] and one[1] > other[1] + gain)


def neighbours(found: Thresholds, step: int) -> Iterator[Thresholds]:
    """Those that differ by so many jobs in one climb, in one threshold, with its climb, against it
    or without, or by one threshold up and another down; what raises quality first."""
    levels = range(len(found.thresholds))
    alone = [{i: sign * step} for sign in (1, -1) for i in levels]
    together = [{i: step, j: -step} for i, j in permutations(levels, 2)]
    for moves, ways in ((alone, _WAYS), (together, _WAYS[:2])):
        for down, up in ways:
            for move in moves:
                near = _moved(found, move, down, up)
                if near != found and _fits(near):
                    yield near


_WAYS = ((1, 1), (1, 0), (0, 1), (1, -1))
"""How a threshold and its climb move with one another."""


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
