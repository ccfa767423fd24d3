"""The best that any policy could do: a semi-Markov decision process over (jobs, level).

The chain is that of levels.hysteresis, with a decision at each arrival and departure: the level to
go to, and whether the arriving job is admitted. A job-second costs 1, a job served at level i
earns `quality_price`·quality(i), a change of level and a refusal cost what is said. Between
decisions the times are exponential, so that the process is uniformised to steps of 1/Λ (Lippman
1975) and solved for the least average cost by policy iteration (Howard 1960; Puterman 1994,
Markov Decision Processes, section 8.6). Quality counts from that of the last level, so that a
constant added to all qualities changes nothing.

The queue is cut at `depths` jobs. Where that is its own capacity, arrivals there are lost, at the
price of a loss. Otherwise an arrival there costs what it would in the queue without a cut. It makes
others wait, all done at the last level: (depths + 1)/(μ - λ), as in M/M/1, where the relative value
of n jobs is n(n + 1)/(2(μ - λ)). And the time it takes, S(last), is lost to quality: at most
S(last)·max (quality(i) - quality(last))/(S(i) - S(last)) of it. Without the second part it would
pay to let the queue run into the cut for ever.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix
from scipy.sparse.linalg import spsolve

from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.refusal import (
    BadInput,
    require_count,
    require_not_negative,
    require_stable,
)
from controller.queueing.switching import Table

RENEWAL = 1e-12
"""Share of steps after which the system starts anew: whatever the policy, one recurrent class."""
_KEPT = 1 - RENEWAL
TIE = 1e-11
"""A decision changes only for a gain above this share of the values' spread."""
MOST_ITERATIONS = 100

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Prices:
    """In job-seconds: what a unit of quality is worth, what a switch and a refusal cost, and what
    a job that finds the queue at its capacity does.

    A refusal that costs None is not allowed: every job is admitted. With refusals, one at the cut
    costs as much as any other.
    """

    quality: float
    switch: float = 0.0
    refusal: float | None = None
    loss: float = 0.0

    def __post_init__(self) -> None:
        require_not_negative(quality=self.quality, switch=self.switch, loss=self.loss)
        require_not_negative(refusal=self.refusal or 0.0)


class Optimum(NamedTuple):
    """The best policy and its average cost a second, with quality counted from the last level's.

    `table[i, n]`: the level to go to from level i at n jobs; `admits[i, n]`: whether a job that
    arrives at n jobs, level i in force, is admitted.
    """

    table: Table
    admits: NDArray[np.bool_]
    cost: float

    @property
    def capacity(self) -> int:
        """The least depth at which a job is refused at every level that the policy keeps there."""
        kept = self.table == np.arange(len(self.table))[:, None]
        return int(np.argmax((~self.admits | ~kept).all(axis=0)))


class Process(NamedTuple):
    """The uniformised process; arrays of shape (levels, depths + 1)."""

    rate: float
    arrive: float
    """Probability that a step is an arrival."""
    leave: Values
    """… that it is a departure."""
    cost: Values
    """Expected in a step, without that of decisions."""
    turned_away: float
    """Cost of an arrival that is not admitted."""
    prices: Prices


def optimum(
    queue: LevelledQueue, prices: Prices, depths: int, start: Table | None = None
) -> Optimum:
    """The policy of least average cost, by policy iteration, from the table `start` if given.

    Raises BadInput for a queue that would have to be cut above its own capacity, Unstable for one
    without a capacity that the last level cannot serve.
    """
    require_count(depths=depths)
    if queue.capacity is not None and queue.capacity < depths:
        raise BadInput(f"the capacity is {queue.capacity}: the process has at most as many depths")
    process = _process(queue, prices, depths)
    table, admits = _first(process)
    table = table if start is None else start
    for _ in range(MOST_ITERATIONS):
        values, cost = _evaluate(process, table, admits)
        better, admitting = _improved(process, values, table, admits)
        if (better == table).all() and (admitting == admits).all():
            break
        table, admits = better, admitting
    return Optimum(_ready(table), admits, cost * process.rate)


def by_value_iteration(
    queue: LevelledQueue, prices: Prices, depths: int, precision: float = 1e-9
) -> Optimum:
    """The same by relative value iteration (Puterman 1994, section 8.5): slower and simpler, the
    check on policy iteration. Stops when the cost is known to within `precision` a step."""
    process = _process(queue, prices, depths)
    values = np.zeros_like(process.cost)
    while True:
        table, admits = _improved(process, values, *_first(process))
        change = _one_step(process, values, table, admits) - values
        values = values + change - (values + change)[0, 0]
        if np.ptp(change) < precision:
            cost = float(change.max() + change.min()) / 2
            return Optimum(_ready(table), admits, cost * process.rate)


def _ready(table: Table) -> Table:
    """With nothing to do, the level that the next job will have: it need not wait for it."""
    ready = table.copy()
    ready[:, 0] = table[:, 1]
    return ready


def _process(queue: LevelledQueue, prices: Prices, depths: int) -> Process:
    rates = queue.service_rates(depths).T
    rate = queue.arrival_rate + float(rates.max())
    worth = prices.quality * (np.array(queue.qualities) - queue.qualities[-1])[:, None]
    cost = (np.arange(depths + 1) - worth * rates) / rate
    away = _lost(queue, prices, depths) if prices.refusal is None else prices.refusal
    return Process(rate, queue.arrival_rate / rate, rates / rate, cost, away, prices)


def _lost(queue: LevelledQueue, prices: Prices, depths: int) -> float:
    """Cost of an arrival at the cut."""
    if queue.capacity == depths:
        return prices.loss
    limit = queue.stability_limits[-1]
    require_stable(queue.arrival_rate / limit, limit)
    return (depths + 1) / (limit - queue.arrival_rate) + prices.quality * _forgone(queue)


def _forgone(queue: LevelledQueue) -> float:
    """The most quality that one job more at the last level can cost the others."""
    *others, last = 1 / np.array(queue.stability_limits)
    seconds, worth = np.array(others), np.array(queue.qualities[:-1]) - queue.qualities[-1]
    gains = worth[seconds > last] / (seconds[seconds > last] - last)
    return float(last * np.max(gains, initial=0.0))


def _first(process: Process) -> tuple[Table, NDArray[np.bool_]]:
    """The last level at any depth, everyone admitted while there is room."""
    levels, depths = process.cost.shape
    admits = np.ones((levels, depths), dtype=np.bool_)
    admits[:, -1] = False
    return np.full((levels, depths), levels - 1), admits


def _evaluate(process: Process, table: Table, admits: NDArray[np.bool_]) -> tuple[Values, float]:
    """Relative values of a policy, 0 in the empty system at level 0, and its cost a step."""
    entered, left = _targets(table, admits)
    state, leave = np.arange(entered.size), process.leave.ravel()
    stay = 1 - process.arrive - leave
    weights = np.concatenate([np.full(state.size, process.arrive), leave, stay])
    rows, columns = np.tile(state, 3), np.concatenate([entered, left, state])
    kept = columns != 0
    # The value of state 0 is 0, so that its column holds what is unknown instead: the cost.
    data = np.concatenate([np.ones(state.size - 1), np.ones(state.size), -_KEPT * weights[kept]])
    row = np.concatenate([state[1:], state, rows[kept]])
    column = np.concatenate([state[1:], np.zeros_like(state), columns[kept]])
    equations = csc_matrix((data, (row, column)))
    solution = spsolve(equations, _costs(process, table, admits).ravel())
    cost = float(solution[0])
    solution[0] = 0.0
    return solution.reshape(table.shape), cost


def _targets(
    table: Table, admits: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where an arrival and a departure lead from each state, after the decision; flattened."""
    levels, depths = table.shape
    state = np.arange(levels * depths)
    level, jobs = np.divmod(state, depths)
    more, less = np.minimum(jobs + 1, depths - 1), np.maximum(jobs - 1, 0)
    entered = np.where(admits.ravel(), table[level, more] * depths + more, state)
    return entered, table[level, less] * depths + less


def _costs(process: Process, table: Table, admits: NDArray[np.bool_]) -> Values:
    """Expected cost of a step from each state, decisions included."""
    changes = process.prices.switch * (table != np.arange(len(table))[:, None])
    entering = np.where(admits, _later(changes), process.turned_away)
    return process.cost + process.arrive * entering + process.leave * _earlier(changes)


def _one_step(process: Process, values: Values, table: Table, admits: NDArray[np.bool_]) -> Values:
    entered, left = _targets(table, admits)
    before = values.ravel()
    arrived = process.arrive * before[entered].reshape(values.shape)
    departed = process.leave * before[left].reshape(values.shape)
    stayed = (1 - process.arrive - process.leave) * values
    return _costs(process, table, admits) + arrived + departed + stayed


def _improved(
    process: Process, values: Values, table: Table, admits: NDArray[np.bool_]
) -> tuple[Table, NDArray[np.bool_]]:
    """The best decisions for these values; the present ones where nothing is better."""
    tolerance = TIE * max(1.0, float(np.ptp(values)))
    level = np.arange(len(values))
    moving = process.prices.switch * (level[:, None] != level)
    going = moving[:, :, None] + values[None]
    present = np.take_along_axis(going, table[:, None, :], axis=1)[:, 0]
    chosen = np.where(going.min(axis=1) < present - tolerance, going.argmin(axis=1), table)
    if process.prices.refusal is None:
        return chosen, admits
    gain = values + process.prices.refusal - _later(going.min(axis=1))
    admitting = np.where(np.abs(gain) > tolerance, gain > 0, admits)
    admitting[:, -1] = False
    return chosen, admitting


def _later(values: Values) -> Values:
    """The values at one job more."""
    return np.concatenate([values[:, 1:], values[:, -1:]], axis=1)


def _earlier(values: Values) -> Values:
    """The values at one job less."""
    return np.concatenate([values[:, :1], values[:, :-1]], axis=1)
