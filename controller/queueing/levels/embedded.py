"""One worker, one job at a time, the level fixed when its service starts: the embedded chain.

M/G/1 with the state (jobs left behind, level in force) at departures. During a service at level s
that began with n jobs, j Poisson arrivals have probability a_s(j); each moves the level in force
as the table says, and so does the departure, after which the level in force is that of the next
service. Hysteresis is therefore part of it, and a table with equal rows is the plain case, where
the queue length at the start of a service chooses its distribution.

Exact for any service distribution. Time averages by the semi-regenerative argument (Çinlar 1975,
Introduction to Stochastic Processes, section 10.6): a service spends P(more than j arrivals)/λ
seconds on average with j arrivals behind it, an idle period 1/λ seconds (Cooper 1981, Introduction
to Queueing Theory, section 5.8, for the chain with one distribution).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue, checked, deep_levels
from controller.queueing.levels.service_times import ServiceTime, of_paces
from controller.queueing.refusal import BadInput, require_positive, require_stable
from controller.queueing.switching import Table

NEGLIGIBLE = 1e-9
"""Probability that the chain is cut off at most, at its longest queue."""
MOST_STATES = 2600
"""A chain that would need more is too near its stability limit to be solved so."""


class TooNear(BadInput):
    """The chain would need too many states, so near is the stability limit."""


class Service(NamedTuple):
    """All services that may start, by jobs present and level of the service.

    `arrivals[s, j]`: probability of j arrivals during one at level s. `path[n - 1, s, j]`: level
    in force after j of them, n jobs present at the start; `after` the same once it has ended.
    """

    arrivals: NDArray[np.float64]
    path: NDArray[np.int64]
    after: NDArray[np.int64]


def measure(
    queue: LevelledQueue, table: Table, services: tuple[ServiceTime, ...] = ()
) -> LevelMeasures:
    """The queue under a table; `services` by level, gamma by the queue's paces if absent.

    `states` counts the level in force, `job_shares` and the quality those at which jobs were
    served. Raises Unstable for ρ ≥ 1, BadInput for several places or a capacity, TooNear where
    the chain would need more than 2600 states.
    """
    _require_single(queue)
    table, services = checked(table, len(queue.paces)), services or of_paces(queue.paces)
    limit = min(1 / services[level].mean for level in deep_levels(table))
    require_stable(queue.arrival_rate / limit, limit)
    depths = table.shape[1] + 32
    while True:
        service = _services(queue.arrival_rate, table, services, depths)
        behind = _stationary(_transitions(table, service))
        if behind[-depths // 8 :].sum() < NEGLIGIBLE:
            return _measured(queue, table, service, behind, limit)
        depths *= 2
        if depths * len(table) > MOST_STATES:
            raise TooNear(
                f"the arrival rate {queue.arrival_rate:g} is too near the stability limit "
                f"{limit:g} for the embedded chain: use hysteresis.measure, or simulate"
            )


def _require_single(queue: LevelledQueue) -> None:
    require_positive(arrival_rate=queue.arrival_rate)
    if queue.places != 1 or queue.capacity is not None:
        raise BadInput("the embedded chain is of one worker, one job at a time, without capacity")


def _services(rate: float, table: Table, services: tuple[ServiceTime, ...], depths: int) -> Service:
    """Services that start with 1 … depths - 1 jobs present."""
    arrivals = np.array([each.arrivals(rate, depths) for each in services])
    most = max(1, int(np.argmax(np.cumsum(arrivals, axis=1).min(axis=0) > 1 - 1e-13)))
    present = np.arange(1, depths)[:, None]
    last = table.shape[1] - 1
    level = np.broadcast_to(np.arange(len(table)), (depths - 1, len(table)))
    path, after = [], []
    for more in range((most if most > 1 else depths) + 1):
        if more:
            level = table[level, np.minimum(present + more, last)]
        path.append(level)
        after.append(table[level, np.minimum(present + more - 1, last)])
    count = len(path)
    return Service(arrivals[:, :count], np.stack(path, axis=2), np.stack(after, axis=2))


def _transitions(table: Table, service: Service) -> NDArray[np.float64]:
    """Between departures: shape (depths, levels, depths, levels); what exceeds is put on top."""
    most, levels, count = service.path.shape
    depths = most + 1
    chain = np.zeros((depths, levels, depths, levels))
    starts, level = np.arange(most)[:, None], np.arange(levels)[None]
    for more in range(count):
        to = np.minimum(starts + more, depths - 1)
        chain[starts + 1, level, to, service.after[:, :, more]] += service.arrivals[:, more]
    chain[:, :, -1] += _missing(chain[:, :, :, :].sum(axis=(2, 3)))
    chain[0] = chain[1, table[:, min(1, table.shape[1] - 1)]]
    return chain


def _missing(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """What rows lack of 1, on the last level."""
    lack = np.zeros((*rows.shape, rows.shape[1]))
    lack[1:, :, -1] = 1 - rows[1:]
    return lack


def _stationary(chain: NDArray[np.float64]) -> NDArray[np.float64]:
    """At departures, shape (depths, levels), by elimination from the longest queue down.

    A departure leaves at most one job fewer, so each elimination touches one shorter queue only.
    """
    depths, levels = chain.shape[:2]
    factors: list[NDArray[np.float64]] = []
    for depth in range(depths - 1, 0, -1):
        stay = np.linalg.inv(np.eye(levels) - chain[depth, :, depth])
        factor = np.einsum("nij,jk->nik", chain[:depth, :, depth], stay)
        chain[:depth, :, depth - 1] += np.einsum("nij,jk->nik", factor, chain[depth, :, depth - 1])
        factors.append(factor)
    empty = np.linalg.inv((1 + 1e-10) * np.eye(levels) - chain[0, :, 0])[0]
    found = empty[None] / empty.sum()
    for factor in reversed(factors):
        found = np.concatenate([found, np.einsum("ni,nij->j", found, factor)[None]])
    return found / found.sum()


def _measured(
    queue: LevelledQueue, table: Table, service: Service, behind: NDArray[np.float64], limit: float
) -> LevelMeasures:
    levels = len(table)
    first = table[:, min(1, table.shape[1] - 1)]
    begun = np.concatenate([np.zeros((1, levels)), behind[1:]])
    np.add.at(begun, (1, first), behind[0])
    states = _over_time(begun[1:], service)
    states[0] = behind[0]
    states /= states.sum()
    number = float(states.sum(axis=1) @ np.arange(len(states)))
    shares = begun.sum(axis=0)
    return LevelMeasures(
        mean_number=number,
        mean_response=number / queue.arrival_rate,
        residency=tuple(states.sum(axis=0).tolist()),
        job_shares=tuple(shares.tolist()),
        switch_rate=queue.arrival_rate * _switches(table, behind, begun[1:], service),
        effective_quality=float(shares @ np.array(queue.qualities)),
        loss_probability=0.0,
        stability_limit=float(limit),
        states=states,
        found=_found(table, states),
    )


def _over_time(begun: NDArray[np.float64], service: Service) -> NDArray[np.float64]:
    """Seconds by (jobs, level in force), in units of 1/λ, that the services of a cycle spend."""
    most, levels, count = service.path.shape
    beyond = 1 - np.cumsum(service.arrivals, axis=1)
    states = np.zeros((most + count + 1, levels))
    for more in range(count):
        weight = begun * np.maximum(beyond[:, more], 0.0)
        np.add.at(
            states, (np.arange(1, most + 1)[:, None] + more, service.path[:, :, more]), weight
        )
    return states


def _switches(
    table: Table, behind: NDArray[np.float64], begun: NDArray[np.float64], service: Service
) -> float:
    """Changes of level from one departure to the next, on average."""
    first = table[:, min(1, table.shape[1] - 1)]
    idle = float(behind[0] @ (first != np.arange(len(table))))
    beyond = np.maximum(1 - np.cumsum(service.arrivals, axis=1), 0.0)
    rises = (service.path[:, :, 1:] != service.path[:, :, :-1]) * beyond[:, :-1]
    falls = (service.after != service.path) * service.arrivals
    return idle + float((begun[:, :, None] * falls).sum() + (begun[:, :, None] * rises).sum())


def _found(table: Table, states: NDArray[np.float64]) -> NDArray[np.float64]:
    columns = np.minimum(np.arange(len(states)) + 1, table.shape[1] - 1)
    goes = np.eye(len(table))[table[:, columns].T]
    return np.einsum("ni,nij->nj", states, goes)
