"""A level that remembers: the Markov chain over (jobs outstanding, level in force), solved.

Exact for exponential work. The blocks of equal n form a quasi-birth–death process, homogeneous
beyond the table and the places: solved by its rate matrices R(n), from the matrix-geometric tail
(Neuts 1981, Matrix-Geometric Solutions, chapter 3) down to the empty system. The tail's first
passages come by logarithmic reduction (Latouche and Ramaswami 1993), or are the table's last column
where every departure from there ends in one level. Many tables are solved together.
"""

import numpy as np
from numpy.typing import NDArray

from controller.queueing.levels import steady_state
from controller.queueing.levels.chain import Blocks, Chain, chains
from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue, checked, stability_limit
from controller.queueing.refusal import require_stable
from controller.queueing.switching import Table

NEGLIGIBLE = 1e-10
"""The tail beyond the last depth kept has less probability than this, and is left out."""


def solve(chain: Chain, capacity: int | None = None) -> Blocks:
    """p(n, level) of each chain, shape (tables, depths, levels): n up to the capacity, or to
    where less than 1e-10 is left. A chain that never leaves a level started in the first one.

    The caller has made sure that there is a steady state.
    """
    top = len(chain.service_rates) if capacity is None else capacity
    beyond = _tail_ratio(chain) if capacity is None else None
    ratios = _ratios(chain, top, beyond)
    states = [_empty(chain, ratios)]
    for ratio in ratios:
        states.append(np.einsum("ci,cij->cj", states[-1], ratio))
    found = np.stack(states, axis=1)
    if beyond is not None:
        found = np.concatenate([found, _tail(states[-1], beyond, _radius(chain, beyond))], axis=1)
    return found / found.sum(axis=(1, 2), keepdims=True)


def _ratios(chain: Chain, top: int, beyond: Blocks | None) -> list[Blocks]:
    """R(0) … R(top - 1), by which the states at n give those at n + 1; `beyond`: R from there on,
    None where `top` is the capacity."""
    if beyond is not None:
        inner = chain.within(top, chain.arrival_rate) + beyond @ chain.down(top + 1)
    else:
        inner = chain.within(top, 0.0)
    ratios: list[Blocks] = []
    for depth in reversed(range(top)):
        ratios.append(chain.up(depth) @ np.linalg.inv(-inner))
        inner = chain.within(depth, chain.arrival_rate) + ratios[-1] @ chain.down(depth + 1)
    return ratios[::-1]


def _empty(chain: Chain, ratios: list[Blocks]) -> NDArray[np.float64]:
    """The states of the empty system, up to a factor: (ε - Q)⁻¹ from level 0, as ε goes to 0."""
    levels = chain.tables.shape[1]
    if not ratios:
        return np.broadcast_to(np.eye(levels)[0], (len(chain.tables), levels))
    watched = chain.within(0, chain.arrival_rate) + ratios[0] @ chain.down(1)
    slow = 1e-10 * (np.abs(watched).max() or 1.0)
    return slow * np.linalg.inv(slow * np.eye(levels) - watched)[:, 0, :]


def _tail_ratio(chain: Chain) -> Blocks:
    """R of the homogeneous part, from its first-passage matrix G."""
    deep = len(chain.service_rates)
    up, within = chain.up(deep), chain.within(deep, chain.arrival_rate)
    # Where every departure ends in one level, so does the first passage.
    passage = chain.moves(deep) if _settles(chain) else _passage(up, within, chain.down(deep))
    return up @ np.linalg.inv(-(within + up @ passage))


def _settles(chain: Chain) -> bool:
    """Whether each chain keeps one level in the end, however long the queue."""
    ends = chain.tables[:, :, -1]
    return not chain.clock and bool((ends == ends[:, :1]).all())


def _passage(up: Blocks, within: Blocks, down: Blocks) -> Blocks:
    """G by logarithmic reduction."""
    rise, fall = np.linalg.solve(-within, up), np.linalg.solve(-within, down)
    passage, risen = fall, rise
    for _ in range(60):
        still = np.eye(up.shape[-1]) - (rise @ fall + fall @ rise)
        rise, fall = np.linalg.solve(still, rise @ rise), np.linalg.solve(still, fall @ fall)
        passage = passage + risen @ fall
        risen = risen @ rise
        if np.abs(risen).max() < 1e-14:
            break
    return passage


def _radius(chain: Chain, ratio: Blocks) -> float:
    """The greatest spectral radius; of a matrix of rank one, which it is where the chain settles,
    that is the trace."""
    if _settles(chain):
        return float(np.trace(ratio, axis1=1, axis2=2).max())
    return float(np.abs(np.linalg.eigvals(ratio)).max())


def _tail(last: NDArray[np.float64], ratio: Blocks, radius: float) -> Blocks:
    """The states beyond, up to twice as many with every product."""
    if radius == 0:
        return np.empty((len(last), 0, last.shape[1]))
    more = int(np.ceil(np.log(NEGLIGIBLE) / np.log(radius)))
    states, power = last[:, None] @ ratio, ratio
    while states.shape[1] < more:
        following = states[:, : more - states.shape[1]] @ power
        states = np.concatenate([states, following], axis=1)
        power = power @ power
    return states


def measure(
    queue: LevelledQueue, table: Table, decision_seconds: float | None = None
) -> LevelMeasures:
    """The queue under one table (switching.tabulate makes it of a policy).

    Raises Unstable for ρ ≥ 1 at the level that a long queue is given, BadInput for a table that
    does not fit.
    """
    table = checked(table, len(queue.paces))
    limit = np.inf if queue.capacity else stability_limit(queue, table)
    require_stable(queue.arrival_rate / limit, limit)
    chain = chains(queue, table[None], decision_seconds)
    return _measured(queue, chain, solve(chain, queue.capacity), limit)


def _measured(queue: LevelledQueue, chain: Chain, states: Blocks, limit: float) -> LevelMeasures:
    """`states` of one chain: shape (1, depths, levels)."""
    number = steady_state.mean_number(states)[0]
    lost = 0.0 if queue.capacity is None else float(states[0, queue.capacity].sum())
    shares = steady_state.job_shares(chain, states)[0]
    admitted = queue.arrival_rate * (1 - lost)
    return LevelMeasures(
        mean_number=float(number),
        mean_response=float(number / admitted if admitted else queue.seconds @ shares),
        residency=tuple(states[0].sum(axis=0).tolist()),
        job_shares=tuple(shares.tolist()),
        switch_rate=float(steady_state.switch_rate(chain, states)[0]),
        effective_quality=float(shares @ np.array(queue.qualities)),
        loss_probability=lost,
        stability_limit=float(limit),
        states=states[0],
        found=steady_state.found(chain, states, queue.capacity)[0],
    )
