"""A level that may not change again before it has been in force for a dwell, as the live one.

The chain of `hysteresis` with a stage of the dwell in its state: a level that was just entered is
in the first of k stages, each of an exponential time of dwell/k (an Erlang dwell: method of stages,
Cox and Miller 1965), and obeys nothing. Then it is settled, and goes where the table says with each
arrival and departure; if the table says so already as it settles, it goes at once.
"""

from typing import NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from controller.queueing.levels import hysteresis
from controller.queueing.levels.chain import Blocks, Chain
from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue, checked, stability_limit
from controller.queueing.refusal import require_count, require_positive, require_stable
from controller.queueing.switching import Table

STAGES = 12
"""A variation of the dwell of 1/12, for one that varies not at all."""


class _Staged(NamedTuple):
    """What `hysteresis.solve` asks of a chain; states are level by level, stages inside, the last
    of them settled."""

    arrival_rate: float
    service_rates: NDArray[np.float64]
    """Shape (depths, states)."""
    tables: NDArray[np.int64]
    """Where arrivals and departures lead: shape (1, states, depths)."""
    passing: NDArray[np.int64]
    """Where the end of a stage leads: shape (states, depths)."""
    clock: float
    """Ends of a stage a second."""

    def up(self, depth: int) -> Blocks:
        """See chain.Chain."""
        return self.arrival_rate * self.following(depth + 1)

    def down(self, depth: int) -> Blocks:
        """See chain.Chain."""
        return self.rates(depth)[None, :, None] * self.following(depth - 1)

    def within(self, depth: int, arrival_rate: float) -> Blocks:
        """See chain.Chain."""
        out = np.diag(arrival_rate + self.rates(depth) + self.clock)
        return self.clock * _led(self.passing, depth) - out

    def rates(self, depth: int) -> NDArray[np.float64]:
        """See chain.Chain."""
        return self.service_rates[min(depth, len(self.service_rates) - 1)]

    def following(self, depth: int) -> Blocks:
        """1 where an arrival or a departure leads that comes to this depth."""
        return _led(self.tables[0], depth)


def _led(table: NDArray[np.int64], depth: int) -> Blocks:
    return np.eye(len(table))[table[:, min(depth, table.shape[1] - 1)]][None]


def measure(
    queue: LevelledQueue, table: Table, dwell: float, stages: int = STAGES
) -> LevelMeasures:
    """The queue under a table whose levels hold for `dwell` seconds at least; exact for exponential
    work, an Erlang dwell, and changes that re-time all work in hand.

    Raises Unstable for ρ ≥ 1 at the level that a long queue is given, BadInput for a table or a
    dwell that does not fit.
    """
    require_positive(dwell=dwell)
    require_count(stages=stages)
    table = checked(table, len(queue.paces))
    limit = np.inf if queue.capacity else stability_limit(queue, table)
    require_stable(queue.arrival_rate / limit, limit)
    chain = _chain(queue, table, dwell, stages)
    states = hysteresis.solve(cast("Chain", chain), queue.capacity)[0]
    return _measured(queue, chain, states, limit)


def _chain(queue: LevelledQueue, table: Table, dwell: float, stages: int) -> _Staged:
    levels, places = len(table), stages + 1
    entered = table * places
    own = np.arange(levels * places).reshape(levels, places, 1)
    stays = table == np.arange(levels)[:, None]
    following = np.broadcast_to(own, (levels, places, table.shape[1])).copy()
    passing = following.copy()
    following[:, -1] = np.where(stays, following[:, -1], entered)
    passing[:, :-1] += 1
    passing[:, -2] = np.where(stays, passing[:, -2], entered)
    rates = queue.service_rates(max(table.shape[1], queue.places + 1))
    shape = (levels * places, -1)
    return _Staged(
        arrival_rate=queue.arrival_rate,
        service_rates=np.repeat(rates, places, axis=1),
        tables=following.reshape(shape)[None],
        passing=passing.reshape(shape),
        clock=stages / dwell,
    )


def _measured(
    queue: LevelledQueue, chain: _Staged, states: NDArray[np.float64], limit: float
) -> LevelMeasures:
    """`states`: shape (depths, states)."""
    levels, depths = len(queue.paces), np.arange(len(states))
    number = float(states.sum(axis=1) @ depths)
    lost = 0.0 if queue.capacity is None else float(states[queue.capacity].sum())
    served = np.einsum("ns,ns->s", states, np.array([chain.rates(n) for n in depths]))
    shares = _levels(served / served.sum(), levels)
    admitted = queue.arrival_rate * (1 - lost)
    seen = states if queue.capacity is None else states[: queue.capacity]
    return LevelMeasures(
        mean_number=number,
        mean_response=number / admitted,
        residency=tuple(_levels(states.sum(axis=0), levels).tolist()),
        job_shares=tuple(shares.tolist()),
        switch_rate=_switch_rate(chain, states, levels),
        effective_quality=float(shares @ np.array(queue.qualities)),
        loss_probability=lost,
        stability_limit=float(limit),
        states=_levels(states, levels),
        found=_levels(_once_arrived(chain, seen / seen.sum()), levels),
    )


def _once_arrived(chain: _Staged, seen: NDArray[np.float64]) -> NDArray[np.float64]:
    """Where the arrival of a job that sees this leads."""
    led = [row @ chain.following(depth + 1)[0] for depth, row in enumerate(seen)]
    return np.array(led)


def _levels(states: NDArray[np.float64], levels: int) -> NDArray[np.float64]:
    """Summed over the stages, along the last axis."""
    return states.reshape(*states.shape[:-1], levels, -1).sum(axis=-1)


def _switch_rate(chain: _Staged, states: NDArray[np.float64], levels: int) -> float:
    """In the steady state as many dwells end a second as begin, each with a change of level."""
    stages = states.shape[1] // levels
    ending = states.reshape(len(states), levels, stages)[:, :, -2]
    return float(chain.clock * ending.sum())
