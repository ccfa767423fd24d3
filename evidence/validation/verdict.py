"""One run: what was measured and predicted, and which assumption is broken where they differ."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from controller.queueing import outlook
from controller.queueing.simulation.live import TICK_SECONDS
from evidence.validation import assumptions, at_speed, closed_form, simulated
from evidence.validation.accuracy import asked_about
from evidence.validation.arrivals import arrivals
from evidence.validation.assumptions import Broken, Findings, Predictions, broken, relative
from evidence.validation.basis import Basis
from evidence.validation.calibration import uncalibrated
from evidence.validation.closed_form import ClosedForm
from evidence.validation.control import Obeyed, obeyed
from evidence.validation.figures import Estimates, Figures, by_name, plain
from evidence.validation.intervals import Floats
from evidence.validation.measured import jobs, level_changes, measure
from evidence.validation.outcomes import outcomes
from evidence.validation.relative_speed import RelativeSpeed, relative_speed
from evidence.validation.service import expected, services
from evidence.validation.simulated import Replay
from evidence.validation.study import Run, Study


@dataclass(frozen=True)
class Verdict:
    """Of one run; `variants` are predictions on other terms (evidence.validation.variants)."""

    run: Run
    names: tuple[str, ...]
    measured: Estimates
    theory: ClosedForm
    said: Predictions
    variants: Mapping[str, Predictions]
    findings: Findings
    broken: tuple[Broken, ...]

    @property
    def counts(self) -> bool:
        """Whether accuracy is asked of it."""
        return asked_about(self.theory.utilisation, self.theory.utilisation < 1)

    @property
    def work(self) -> float | None:
        """Of its pictures that had one level alone over that expected: the geometric mean."""
        found = self.findings.services
        if not found:
            return None
        logarithms = np.log([each.ratio.value for each in found])
        return float(np.exp(np.average(logarithms, weights=[each.jobs for each in found])))

    def error(self, kind: str, variant: str | None = None) -> float | None:
        """Of the mean response, relative."""
        said = self.variants.get(variant, Predictions()) if variant else self.said
        return relative(getattr(said, kind), self.measured)["mean_response"]

    def as_json(self) -> dict[str, object]:
        """As validation.json holds it."""
        found, utilisation = self.findings, self.theory.utilisation
        return {
            "policy": self.run.policy.notation,
            "rate": self.run.rate,
            "repeat": self.run.repeat,
            "requests": sum(not each.warmup for each in self.run.ordered),
            "utilisation": utilisation,
            "steady": utilisation < 1,
            "measured": by_name(self.measured, self.names),
            **{kind: self._predicted(kind) for kind in ("simulated", "afresh", "closed_form")},
            "closed_form_refused": self.theory.refused,
            "errors": self._errors(self.said),
            "other_errors": {name: self._errors(each) for name, each in self.variants.items()},
            "arrivals": found.arrivals and found.arrivals.as_json(),
            "service": [each.as_json() for each in found.services],
            "outcomes": found.outcomes.as_json(),
            "obeyed": found.obeyed and found.obeyed.as_json(),
            "speed": found.speed and plain(found.speed.ratio),
            **_unevenness(found.speed),
            "broken": assumptions.sentences(self.broken),
            "broken_by": [each.as_json() for each in self.broken],
        }

    def _predicted(self, kind: str) -> object:
        said: Estimates | Figures | None = getattr(self.said, kind)
        return None if said is None else by_name(said, self.names)

    def _errors(self, said: Predictions) -> dict[str, object]:
        known = {kind: getattr(said, kind) for kind in ("simulated", "closed_form")}
        return {
            kind: None if each is None else relative(each, self.measured)
            for kind, each in known.items()
        }


def _unevenness(found: RelativeSpeed | None) -> dict[str, float | None]:
    """How the speed varied within the run, and how probable that is by chance."""
    varied = found and found.variation
    return {
        "speed_variation": varied.value if varied else None,
        "speed_variation_p": varied.p if varied else None,
    }


def judge(basis: Basis, others: Mapping[str, Basis], run: Run, replications: int) -> Verdict:
    """Predict a run by `basis`, and compare; `others` are bases that were not chosen."""
    study, measured = basis.study, measure(basis.study, run)
    replay = simulated.replay(study, run, replications)
    afresh = simulated.afresh(study, run, replications)
    said = replace(predicted(basis, run, replay), afresh=afresh.estimates(study, basis.later))
    found = findings(basis, run, replay)
    return Verdict(
        run=run,
        names=study.names,
        measured=measured,
        theory=closed_form.predict(study, run),
        said=said,
        variants=_others(others, run, replications)
        | {"without_dwell": Predictions(closed_form=basis.formula(run, dwells=False))}
        | _at_speed(basis, run, replications, found.speed),
        findings=found,
        broken=tuple(broken(measured, said, found)),
    )


def _others(others: Mapping[str, Basis], run: Run, replications: int) -> dict[str, Predictions]:
    return {
        name: predicted(each, run, simulated.replay(each.study, run, replications))
        for name, each in others.items()
    }


def _at_speed(
    basis: Basis, run: Run, replications: int, found: RelativeSpeed | None
) -> dict[str, Predictions]:
    """With the speed that the machine had in the run, where that is known."""
    if found is None:
        return {}
    slowed = at_speed.slowed(basis, found.ratio.value)
    replay = simulated.replay(slowed.study, run, replications)
    within = at_speed.followed(basis, run, found, replications)
    return {
        "at_speed": predicted(slowed, run, replay),
        "followed_speed": Predictions(simulated=within),
    }


def predicted(basis: Basis, run: Run, replay: Replay) -> Predictions:
    """Of one run, on its own schedule and in the steady state."""
    said = replay.estimates(basis.study, basis.later)
    return Predictions(said, closed_form=basis.formula(run))


def findings(basis: Basis, run: Run, replay: Replay) -> Findings:
    """What the records of a run say of the assumptions, beside a replay of it."""
    study, overheads, ordered = basis.study, basis.overheads, run.ordered
    used = {level for each in ordered for level in each.levels}
    missing = uncalibrated(overheads, [name for name in study.names if name in used])
    laws, planned = basis.slowdowns, study.rules(run).kind == "planned"
    known = expected([basis.served(each) for each in replay.jobs], laws)
    return Findings(
        arrivals=arrivals(np.array([each.due for each in ordered]), run.rate),
        services=services(jobs(run, study.names), known, study.names, doubts(study), laws),
        outcomes=outcomes(ordered),
        obeyed=None if planned else _obeyed(study, run),
        uncalibrated=tuple(missing) if overheads else (),
        planned_for=run.rate if planned else None,
        speed=relative_speed(study.reference, run.probes),
    )


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
