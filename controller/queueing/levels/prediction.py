"""What theory says of the live system: its policy and its profile, by the model that fits best.

chain     the level is part of the state (`hysteresis`): any workers and batch law, exponential
          work that follows the level in force
embedded  one worker, one job at a time, any service time, the level fixed as service starts

Decisions are taken at every arrival and departure: neither model knows of ticks, dwell or patience.
"""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from controller.queueing import outlook
from controller.queueing.levels import embedded, hysteresis
from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.levels.response import percentile
from controller.queueing.measures import Measures
from controller.queueing.switching import Table
from services.contract.jobs import Queue
from services.contract.policy import Policy
from services.contract.profile import Profile

Model = Literal["chain", "embedded"]


@dataclass(frozen=True)
class Prediction:
    """The figures of any queue, and those of one with levels; `residency` by the levels' names.

    `effective_quality` is None where the profile lacks a quality, `stability_limit` where the
    queue has a capacity: then there is none.
    """

    measures: Measures
    residency: dict[str, float]
    effective_quality: float | None
    switch_rate: float
    stability_limit: float | None

    def as_json(self) -> dict[str, Any]:
        """All of them by name."""
        inner = {name: value for name, value in vars(self).items() if name != "measures"}
        return self.measures.as_json() | inner


@dataclass(frozen=True)
class System:
    """One queue of the live system, at `rate` jobs a second."""

    policy: Policy
    profile: Profile
    queue: Queue
    rate: float
    workers: int = 1


def predict(system: System, model: Model | None = None) -> Prediction:
    """By the embedded chain where that is possible, else by the one with the level in its state.

    Raises Unstable for ρ ≥ 1, BadInput where the model asked for does not fit, ProfileError where
    the profile lacks a level.
    """
    ours = system.policy.of(system.queue)
    measured = outlook.costs(ours, system.profile, system.queue)
    asked = {"rate": system.rate, "workers": system.workers}
    known = outlook.forecast(ours, system.profile, system.queue, **asked)
    worth = outlook.qualities(measured)
    queue = LevelledQueue(
        arrival_rate=system.rate,
        paces=known.paces,
        qualities=worth or (0.0,) * len(measured),
        law=known.law,
        workers=system.workers,
        capacity=ours.rules.capacity,
    )
    chosen = model or ("embedded" if _one_at_a_time(queue) else "chain")
    solve = embedded.measure if chosen == "embedded" else hysteresis.measure
    found = solve(queue, _shortened(outlook.table(ours, known)))
    return Prediction(
        measures=_measures(chosen, queue, found),
        residency=dict(zip(ours.names, found.residency, strict=True)),
        effective_quality=found.effective_quality if worth else None,
        switch_rate=found.switch_rate,
        stability_limit=None if queue.capacity else found.stability_limit,
    )


def _one_at_a_time(queue: LevelledQueue) -> bool:
    return queue.places == 1 and queue.capacity is None


def _shortened(table: Table) -> Table:
    """Without the columns that repeat the last one, which holds for every greater depth."""
    changing = np.flatnonzero((table != table[:, -1:]).any(axis=0))
    return table[:, : changing[-1] + 2 if len(changing) else 1]


def _measures(model: str, queue: LevelledQueue, found: LevelMeasures) -> Measures:
    """Waits by Little's law over the accepted jobs; a worker is busy with any job in it."""
    number = found.states.sum(axis=1)
    depths = np.arange(len(number))
    accepted = queue.arrival_rate * (1 - found.loss_probability)
    busy = float(np.minimum(depths, queue.workers) @ number) / queue.workers
    waiting = float(np.maximum(depths - queue.places, 0) @ number)
    return Measures(
        model=model,
        utilisation=busy,
        probability_of_waiting=float(found.found[queue.places :].sum()),
        mean_wait=waiting / accepted,
        mean_response=found.mean_response,
        mean_number=found.mean_number,
        p95_response=percentile(queue, found, 95),
        loss_probability=found.loss_probability if queue.capacity else None,
    )
