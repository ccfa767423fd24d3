"""What theory says of the live system: its policy and its profile, by the model that fits best.

dwelling  the level, and how long it has been in force, are part of the state (`dwelling`): any
          workers and batch law, exponential work that follows the level in force, up and down
chain     the same where levels change at once, whatever dwell the rules have (`hysteresis`)
embedded  one worker, one job at a time, any service time, the level fixed as service starts; levels
          change at once

Decisions are taken at every arrival and departure. No model knows of patience, or of the period
between two looks of the controller but that it lengthens a dwell by half of itself.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from controller.queueing import outlook
from controller.queueing.levels import dwelling, embedded, hysteresis
from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.levels.response import percentile
from controller.queueing.measures import Measures
from controller.queueing.refusal import BadInput
from controller.queueing.switching import Table, shortened
from services.contract.jobs import Queue
from services.contract.policy import Policy
from services.contract.profile import Profile

Model = Literal["dwelling", "chain", "embedded"]


@dataclass(frozen=True)
class Prediction:
    """The figures of any queue, and those of one with levels; `residency` by the levels' names.

    `effective_quality` is None where the profile lacks a quality, `stability_limit` where the
    queue has a capacity: then there is none. `at_once` is the same queue if its levels changed at
    once; None where they do.
    """

    measures: Measures
    residency: dict[str, float]
    effective_quality: float | None
    switch_rate: float
    stability_limit: float | None
    at_once: "Prediction | None" = None

    def as_json(self) -> dict[str, Any]:
        """All of them by name."""
        inner = {name: value for name, value in vars(self).items() if name != "measures"}
        inner["at_once"] = self.at_once and self.at_once.as_json()
        return self.measures.as_json() | inner


@dataclass(frozen=True)
class System:
    """One queue of the live system, at `rate` jobs a second, decided every `period` seconds; 0: at
    every event."""

    policy: Policy
    profile: Profile
    queue: Queue
    rate: float
    workers: int = 1
    period: float = 0.0

    @property
    def dwell(self) -> float:
        """Seconds that a level holds at least: what is waited for between two looks comes half a
        period earlier on average. 0 where the rules hold none."""
        rules, levels = self.policy.rules_of(self.queue), len(self.policy.levels)
        holds = rules.dwell_seconds > 0 and rules.kind != "fixed" and levels > 1
        return rules.dwell_seconds + self.period / 2 if holds else 0.0


def predict(system: System, model: Model | None = None) -> Prediction:
    """By the model asked for; else with the dwell of the rules and, `at_once`, without. Without:
    the embedded chain where that is possible, elsewhere the one with the level in its state.

    Raises Unstable for ρ ≥ 1, BadInput where the model asked for does not fit, and without a dwell
    near ρ = 1 (embedded.TooNear), ProfileError where the profile lacks a level.
    """
    if model is not None or not system.dwell:
        return _by(system, model)
    return replace(_by(system, "dwelling"), at_once=_at_once(system))


def _at_once(system: System) -> Prediction:
    """By the chain where the embedded one has too many states: this is told beside the answer."""
    try:
        return _by(system, None)
    except embedded.TooNear:
        return _by(system, "chain")


def _by(system: System, model: Model | None) -> Prediction:
    """By a model; None: the best of those whose levels change at once."""
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
    found = _solver(chosen, system)(queue, shortened(outlook.table(ours, known)))
    return Prediction(
        measures=_measures(chosen, queue, found),
        residency=dict(zip(ours.names, found.residency, strict=True)),
        effective_quality=found.effective_quality if worth else None,
        switch_rate=found.switch_rate,
        stability_limit=None if queue.capacity else found.stability_limit,
    )


def _solver(model: Model, system: System) -> Callable[[LevelledQueue, Table], LevelMeasures]:
    if model == "embedded":
        return embedded.measure
    if model == "chain":
        return hysteresis.measure
    if not system.dwell:
        raise BadInput("these rules hold no level for a dwell: take the model chain")
    return partial(dwelling.measure, dwell=system.dwell)


def _one_at_a_time(queue: LevelledQueue) -> bool:
    return queue.places == 1 and queue.capacity is None


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
