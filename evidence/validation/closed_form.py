"""What the formulas say of a run: the steady state under Poisson arrivals of its rate.

A fixed level is the engine as limited processor sharing (controller.queueing.sharing); other rules
are the chain that has the level in force and its dwell in its state (controller.queueing.levels). A
live run starts empty and ends: what differs for that reason is told apart by the simulation.
"""

from dataclasses import dataclass, replace

import numpy as np

from controller.queueing import outlook, sharing
from controller.queueing.levels import dwelling, hysteresis
from controller.queueing.levels.measures import LevelMeasures
from controller.queueing.levels.queue import LevelledQueue, stability_limit
from controller.queueing.levels.response import percentile
from controller.queueing.refusal import Refusal
from controller.queueing.simulation.live import TICK_SECONDS
from controller.queueing.switching import Table, shortened
from evidence.validation.figures import Figures
from evidence.validation.intervals import Floats
from evidence.validation.study import Run, Study


@dataclass(frozen=True)
class ClosedForm:
    """The figures of the steady state, without what comes after the worker as a delay; or None, and
    `refused` says why. `utilisation` is ρ: the rate over that which a queue that stays long is
    served at."""

    utilisation: float
    figures: Figures | None
    refused: str | None = None

    def with_overhead(self, seconds: Floats, rate: float) -> Figures | None:
        """The same with a delay by level, seconds, that keeps no other waiting: responses are
        longer by its mean, and by Little's law more are outstanding. The percentile is moved by
        the mean too, which is exact where all jobs have one level."""
        if self.figures is None:
            return None
        found = self.figures
        mean = float(np.array(found.job_shares) @ seconds)
        return replace(
            found,
            mean_response=found.mean_response + mean,
            p95_response=found.p95_response + mean,
            mean_number=found.mean_number + rate * mean,
        )


def predict(study: Study, run: Run, *, dwells: bool = True) -> ClosedForm:
    """Of one run; rules that plan have the thresholds for its rate. Without `dwells` a level may
    change with every arrival and departure, as `predict --policy` has it beside."""
    queue, table = _queue(study, run)
    utilisation = run.rate / stability_limit(queue, table)
    if utilisation >= 1:
        why = f"the utilisation is {utilisation:.3g}: there is no steady state"
        return ClosedForm(utilisation, None, why)
    try:
        measures = _measured(
            queue, shortened(table), study.rules(run).dwell_seconds if dwells else 0
        )
        return ClosedForm(utilisation, _figures(study, run, queue, measures))
    except Refusal as error:
        return ClosedForm(utilisation, None, str(error))


def _queue(study: Study, run: Run) -> tuple[LevelledQueue, Table]:
    ours = study.under(run)
    known = outlook.forecast(ours, study.profile, "images", rate=run.rate, workers=study.workers)
    queue = LevelledQueue(
        arrival_rate=run.rate,
        paces=known.paces,
        qualities=study.qualities or (0.0,) * len(known.paces),
        law=known.law,
        workers=study.workers,
    )
    return queue, outlook.table(ours, known)


def _measured(queue: LevelledQueue, table: Table, dwell: float) -> LevelMeasures:
    if not dwell or len(table) == 1:
        return hysteresis.measure(queue, table)
    # The controller looks every tick: what it waits for comes half of one earlier on average.
    return dwelling.measure(queue, table, dwell + TICK_SECONDS / 2)


def _figures(study: Study, run: Run, queue: LevelledQueue, found: LevelMeasures) -> Figures:
    number, mean = found.mean_number, found.mean_response
    rules = study.rules(run)
    if rules.kind == "fixed" and rules.level is not None:
        level = study.names.index(rules.level)
        shared = sharing.ps(run.rate, queue.engines[level], queue.paces[level].scv)
        number, mean = shared.mean_number, shared.mean_response
    return Figures(
        mean_response=mean,
        p95_response=percentile(queue, replace(found, mean_response=mean), 95),
        mean_number=number,
        effective_quality=found.effective_quality if study.qualities else None,
        job_shares=found.job_shares,
        residency=found.residency,
    )
