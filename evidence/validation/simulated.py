"""What the simulator says of a run before it: the same schedule, policy and start.

When requests are due is drawn up front from a seed, so a prediction on that schedule can be made
before anything is sent. What is random is the work of each job and the phase of the controller's
clock. The same with fresh Poisson arrivals tells how much runs of that length vary by chance.

Rules that plan do so anew as the simulated arrivals drift, as the live controller. Its estimate of
the rate as a run begins is what the live one had by what it saw before, which is known by then
(evidence.validation.earlier); where no record tells, that of one used to the run's rate. The first
plan is made as the load begins; live, as the rules are put in force, some seconds before. What was
learned of service times from the runs before is not known.

Where something comes after the engine as a delay, the simulated controller sees a job leave as it
leaves the engine; the live one counts it until it is finished, so that its depth is a little
greater.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from controller.queueing.simulation import live
from controller.queueing.simulation.arrivals import Poisson, Trace
from controller.queueing.simulation.planner import LOOK_SECONDS, settled
from controller.queueing.simulation.records import Records, Status
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from evidence.validation.figures import NAMES, Estimates, Figures, Jobs, figures
from evidence.validation.intervals import Floats, replicated
from evidence.validation.measured import first_level
from evidence.validation.study import Run, Study

REPLICATIONS = 40


@dataclass(frozen=True, eq=False)
class Replay:
    """Replications of one run: what became of each job and of the level, by the simulator."""

    jobs: tuple[Jobs, ...]
    residencies: tuple[Floats, ...]

    def estimates(self, study: Study, later: Callable[[Jobs], Jobs]) -> Estimates:
        """Means over the replications with the range of 95 % of them; `later` adds to the jobs what
        comes after the engine."""
        shape = study.qualities, len(study.names)
        rows = [
            figures(later(each), *shape, stay)
            for each, stay in zip(self.jobs, self.residencies, strict=True)
            if each.answered.any()
        ]
        return _merged(rows)


def replay(study: Study, run: Run, replications: int = REPLICATIONS) -> Replay:
    """On the run's own schedule, started empty at its first level."""
    scenario = scenario_of(study, run)
    due = np.array([each.due for each in run.ordered])
    counted = np.array([not each.warmup for each in run.ordered])
    period = _period(scenario.switching)
    found = []
    for seed in range(replications):
        # The controller's clock runs when the load begins, in a phase that nobody knows.
        phase = float(np.random.default_rng(seed).uniform(0, period))
        trace = Trace(tuple(due + phase))
        records = simulate(replace(scenario, arrivals=trace, horizon=Horizon(len(due))), seed)
        found.append((jobs_of(records, counted, phase), _stay(records, due[counted], phase)))
    return Replay(tuple(jobs for jobs, _ in found), tuple(stay for _, stay in found))


def afresh(study: Study, run: Run, replications: int = REPLICATIONS) -> Replay:
    """With Poisson arrivals of the run's rate, for as long as it lasted."""
    scenario = replace(scenario_of(study, run), horizon=Horizon(seconds=run.ordered[-1].due))
    found = [
        (jobs_of(records, np.ones(len(records.arrival), bool), 0.0), records)
        for records in (simulate(scenario, seed) for seed in range(replications))
        if len(records.arrival) > 1
    ]
    stays = tuple(records.residency(0.0, float(records.arrival[-1])) for _, records in found)
    return Replay(tuple(jobs for jobs, _ in found), stays)


def scenario_of(study: Study, run: Run) -> Scenario:
    """The live system under the run's rules, its controller with what it had seen before."""
    ours = live.scenario(
        study.under(run),
        study.profile,
        "images",
        arrivals=Poisson(run.rate),
        workers=study.workers,
    )
    most = min(study.capacity, ours.capacity or study.capacity)
    starting = replace(ours.switching, initial=first_level(run, study.names))
    return replace(ours, capacity=most, switching=_knowing(run, starting))


def _knowing(run: Run, switching: Switching) -> Switching:
    planning = switching.replanning
    if planning is None:
        return switching
    watched = run.watched or settled(run.rate)
    return replace(switching, replanning=replace(planning, estimator=watched))


def _period(switching: Switching) -> float:
    """Seconds in which the controller does all that it does."""
    return LOOK_SECONDS if switching.replanning else switching.period or 0.0


def jobs_of(records: Records, counted: np.ndarray, shift: float) -> Jobs:
    """A simulation's records in the form of measured ones, `shift` seconds earlier."""
    done, lost = records.done, records.status == Status.LOST
    return Jobs(
        due=records.arrival - shift,
        finished=np.where(done, records.finish, np.nan) - shift,
        outstanding_until=np.where(lost, records.arrival, records.finish) - shift,
        level=np.where(done, records.last_level, -1).astype(np.int64),
        counted=counted,
        started=records.start - shift,
        whole=done & (records.level == records.last_level),
        worker=np.asarray(records.worker, np.int64),
    )


def _stay(records: Records, due: Floats, shift: float) -> Floats:
    begin = 0.0 if len(due) == len(records.arrival) else float(due[0])
    return records.residency(begin + shift, float(due[-1]) + shift)


def _merged(rows: list[Figures]) -> Estimates:
    """Each figure over the replications."""
    columns = {name: [getattr(row, name) for row in rows] for name in NAMES}
    known = {
        name: None if values[0] is None else replicated(np.array(values))
        for name, values in columns.items()
    }
    return Estimates(
        **known, job_shares=_mean(rows, "job_shares"), residency=_mean(rows, "residency")
    )


def _mean(rows: list[Figures], name: str) -> tuple[float, ...]:
    return tuple(np.mean([getattr(row, name) for row in rows], axis=0).tolist())
