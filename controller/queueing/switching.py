"""What `decide` does at every depth, as a table: the form that models and simulations take."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from controller.decide import Standing, decide
from services.contract.forecast import Forecast
from services.contract.policy import Policy, PolicyState
from services.contract.queues import QueueLoad

Table = NDArray[np.int64]
"""`table[i, n]` is the level to go to from level i when n jobs are outstanding (waiting or
running); the last column is that of every greater depth."""

_NOW = 1e9


def tabulate(
    policy: Policy, depths: int, forecast: Forecast | None = None, oldest_age: float = 0.0
) -> Table:
    """What the live `decide` does once the dwell has passed: shape (levels, depths + 1).

    `policy.rules` are those of the queue. The oldest job is taken to have waited `oldest_age`
    seconds: 0 in models, since patience is a guard for queues that do not move, which none
    describes; the simulator has a second table for jobs that waited too long.
    """
    levels = range(len(policy.levels))
    rows = [
        [_to(policy, i, depth, (forecast, oldest_age)) for depth in range(depths + 1)]
        for i in levels
    ]
    return np.array(rows, dtype=np.int64)


def shortened(table: Table) -> Table:
    """The same table without the columns that repeat the last one, which holds for every greater
    depth."""
    differs = (table != table[:, -1:]).any(axis=0)
    return table[:, : int(np.max(np.nonzero(differs)[0], initial=-1)) + 2]


def _to(policy: Policy, index: int, depth: int, seen: tuple[Forecast | None, float]) -> int:
    forecast, age = seen
    load = QueueLoad(waiting=depth, running=0, oldest_age=age, service_mean=0.0, workers=1)
    standing = Standing(state=_in_force(policy, index), forecast=forecast)
    return decide(load, standing, policy, _NOW).index


def _in_force(policy: Policy, index: int) -> PolicyState:
    fields: dict[str, Any] = {"epoch": 1, "version": 1, "reason": "", "since": -_NOW}
    level = policy.levels[index]
    return PolicyState(index=index, level=level, lease_until=2 * _NOW, **fields)
