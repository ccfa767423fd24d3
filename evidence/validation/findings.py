"""What the records of a run say of the assumptions of its prediction, beside a replay of it."""

import numpy as np

from controller.queueing import outlook
from controller.queueing.simulation.live import TICK_SECONDS
from evidence.validation.arrivals import arrivals
from evidence.validation.assumptions import Findings
from evidence.validation.bases import RunBases
from evidence.validation.basis import Basis
from evidence.validation.calibration import uncalibrated
from evidence.validation.control import Obeyed, obeyed
from evidence.validation.intervals import Floats
from evidence.validation.measured import jobs, level_changes
from evidence.validation.outcomes import outcomes
from evidence.validation.relative_speed import relative_speed
from evidence.validation.service import Service, expected, services
from evidence.validation.simulated import Replay
from evidence.validation.study import Run, Study


def findings(bases: RunBases, run: Run, replay: Replay) -> Findings:
    """By the basis that is chosen for the run; the replay is by it."""
    basis = bases.chosen
    study, overheads, ordered = basis.study, basis.overheads, run.ordered
    used = {level for each in ordered for level in each.levels}
    missing = uncalibrated(overheads, [name for name in study.names if name in used])
    planned = study.rules(run).kind == "planned"
    return Findings(
        arrivals=arrivals(np.array([each.due for each in ordered]), run.rate),
        services=served(basis, run, replay),
        outcomes=outcomes(ordered),
        obeyed=None if planned else _obeyed(study, run),
        uncalibrated=tuple(missing) if overheads else (),
        planned_for=run.rate if planned else None,
        speed=relative_speed(study.reference, run.probes),
        local=bases.local,
        change=bases.change,
    )


def served(basis: Basis, run: Run, replay: Replay) -> tuple[Service, ...]:
    """What its pictures took beside what those of a replay by this basis did."""
    study, laws = basis.study, basis.slowdowns
    known = expected([basis.served(each) for each in replay.jobs], laws)
    return services(jobs(run, study.names), known, study.names, doubts(study), laws)


def doubts(study: Study) -> Floats:
    """Half the interval of each level's seconds as a share of them, (levels,)."""
    seconds = [study.profile.cost(name, "images").seconds for name in study.names]
    return np.array([(each.high - each.low) / 2 / each.value for each in seconds])


def _obeyed(study: Study, run: Run) -> Obeyed | None:
    """None where the changes of level were not recorded. Not for rules that plan: live, they do so
    from estimated rates, so that their thresholds are not known afterwards."""
    changes = level_changes(run, study.names)
    if not changes:
        return None
    ours = study.under(run)
    known = outlook.forecast(ours, study.profile, "images", rate=run.rate, workers=study.workers)
    return obeyed(
        jobs(run, study.names),
        changes,
        outlook.table(ours, known),
        period=TICK_SECONDS,
        dwell=ours.rules.dwell_seconds,
    )
