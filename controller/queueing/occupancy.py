"""How many jobs are in the engine: the steady state for exponential work.

While all places are taken the engine completes jobs at one rate, so each job more is ρ times as
likely as the one before: all such states are one here, left at 1 - ρ of that rate.
"""

from itertools import combinations_with_replacement
from math import comb
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from controller.queueing.engine import Engine

MOST_STATES = 5_000
"""Beyond, jobs are taken to be spread evenly over the workers."""

_NEGLIGIBLE = 1e-13

Spread = tuple[int, ...]
"""Jobs in each worker, in ascending order: which worker is which does not matter."""


class Occupancy(NamedTuple):
    """`shares[n]`: probability of n jobs, fewer than there are places; `full`: that of all more."""

    shares: NDArray[np.float64]
    full: float


def occupied(rate: float, engine: Engine) -> Occupancy:
    """Occupancy for λ = `rate` below the stable rate.

    Exact where the chain over what each worker holds has at most MOST_STATES states. An arriving
    job goes to the emptiest worker and stays there, so a worker can hold more than another.
    """
    even = spread_evenly(rate, engine)
    if engine.workers == 1:
        return even
    reached = -(-len(even.shares) // engine.workers) + 2
    law = engine.law.model_copy(update={"cap": min(engine.law.cap, reached)})
    smaller = engine._replace(law=law)
    if comb(smaller.workers + law.cap, law.cap) > MOST_STATES:
        return even
    found = _by_worker(rate, smaller)
    return found if law == engine.law else found._replace(full=0.0)


def spread_evenly(rate: float, engine: Engine) -> Occupancy:
    """A birth-death chain: p_n ∝ λ^n / (φ(1)…φ(n)). Exact for one worker."""
    speeds = engine.spread(np.arange(1, engine.places + 1))
    logs = np.concatenate([[0.0], np.cumsum(np.log(rate / speeds))])
    logs[-1] -= np.log1p(-rate / engine.stable_rate)
    weights = np.exp(logs - logs.max())
    shares = weights / weights.sum()
    seen = len(shares) - int(np.argmax(np.cumsum(shares[::-1]) > _NEGLIGIBLE))
    return Occupancy(shares[: min(seen, engine.places)], float(shares[-1]))


def _by_worker(rate: float, engine: Engine) -> Occupancy:
    spreads = list(combinations_with_replacement(range(engine.law.cap + 1), engine.workers))
    index = {spread: position for position, spread in enumerate(spreads)}
    flows = [
        (index[spread], index[to], flow)
        for spread in spreads
        for to, flow in _flows(spread, rate, engine)
    ]
    weights = _balanced(flows, len(spreads))
    number = np.array([sum(spread) for spread in spreads])
    shares = np.bincount(number, weights=weights / weights.sum())
    return Occupancy(shares[:-1], float(shares[-1]))


def _flows(spread: Spread, rate: float, engine: Engine) -> list[tuple[Spread, float]]:
    if spread[0] == engine.law.cap:
        fewer = (spread[0] - 1, *spread[1:])
        return [(fewer, engine.stable_rate - rate)]
    speeds = engine.alone(np.array(spread))
    flows = [(tuple(sorted((spread[0] + 1, *spread[1:]))), rate)]
    for worker, held in enumerate(spread):
        if held:
            fewer = (*spread[:worker], held - 1, *spread[worker + 1 :])
            flows.append((tuple(sorted(fewer)), float(speeds[worker])))
    return flows


def _balanced(flows: list[tuple[int, int, float]], states: int) -> NDArray[np.float64]:
    """Weights with which as much flows into each state as out of it; state 0 weighs 1."""
    origin, target, flow = (np.array(column) for column in zip(*flows, strict=True))
    into = sparse.coo_array((flow, (target, origin)), shape=(states, states))
    out = sparse.coo_array((flow, (origin, origin)), shape=(states, states))
    balance = (into - out).tocsc()
    start = balance[1:, [0]].toarray().ravel()
    rest = sparse.linalg.spsolve(balance[1:, 1:], -start)
    return np.concatenate([[1.0], np.atleast_1d(rest)])
