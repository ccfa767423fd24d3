"""One run: what was measured and predicted, and which assumption is broken where they differ."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from controller.queueing import outlook
from controller.queueing.simulation.live import TICK_SECONDS
from evidence.validation import assumptions, simulated
from evidence.validation.accuracy import asked_about
from evidence.validation.arrivals import arrivals
from evidence.validation.assumptions import Broken, Findings, Predictions, broken, relative
from evidence.validation.basis import Basis
from evidence.validation.calibration import Overhead, before_by_level, by_level, uncalibrated
from evidence.validation.closed_form import ClosedForm
from evidence.validation.control import Obeyed, obeyed
from evidence.validation.figures import Estimates, Figures, by_name
from evidence.validation.measured import jobs, level_changes, measure
from evidence.validation.outcomes import outcomes
from evidence.validation.service import Expected, services
from evidence.validation.study import Run, Study


@dataclass(frozen=True)
class Verdict:
    """Of one run; `variants` are predictions on other terms (result.VARIANTS)."""

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

    def error(self, kind: str, variant: str | None = None) -> float | None:
        """Of the mean response, relative."""
        said = self.variants[variant] if variant else self.said
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


def judge(basis: Basis, plain: Basis, run: Run, replications: int) -> Verdict:
    """Predict a run by `basis`, and compare; `plain` is the profile with overheads as delays."""
    measured, theory = measure(basis.study, run), basis.theory(run)
    said = predictions(basis, run, replications)
    afresh = simulated.afresh(basis.study, run, replications)
    said = replace(said, afresh=afresh.estimates(basis.study, basis.later))
    found = findings(basis, run)
    return Verdict(
        run=run,
        names=basis.study.names,
        measured=measured,
        theory=theory,
        said=said,
        variants=_variants(basis, plain, run, replications),
        findings=found,
        broken=tuple(broken(measured, said, found)),
    )


def predictions(basis: Basis, run: Run, replications: int) -> Predictions:
    """Of one run, on its own schedule and in the steady state."""
    replay = simulated.replay(basis.study, run, replications)
    formula = basis.theory(run).with_overhead(basis.besides(run.rate), run.rate)
    return Predictions(replay.estimates(basis.study, basis.later), closed_form=formula)


def _variants(basis: Basis, plain: Basis, run: Run, replications: int) -> Mapping[str, Predictions]:
    study = plain.study
    others = {
        "delayed": plain,
        "uncalibrated": Basis(study, ()),
        "in_engine": Basis(study.slower(plain.seconds), ()),
    }
    at_once = basis.theory(run, dwells=False)
    formula = at_once.with_overhead(basis.besides(run.rate), run.rate)
    found = {name: predictions(each, run, replications) for name, each in others.items()}
    return found | {"without_dwell": Predictions(closed_form=formula)}


def findings(basis: Basis, run: Run) -> Findings:
    """What the records of a run say of the assumptions."""
    study, overheads, ordered = basis.study, basis.overheads, run.ordered
    used = {level for each in ordered for level in each.levels}
    missing = uncalibrated(overheads, [name for name in study.names if name in used])
    return Findings(
        arrivals=arrivals(np.array([each.due for each in ordered]), run.rate),
        services=services(ordered, expected(study, overheads), study.profile.law("images")),
        outcomes=outcomes(ordered),
        obeyed=_obeyed(study, run),
        uncalibrated=tuple(missing) if overheads else (),
    )


def expected(study: Study, overheads: Sequence[Overhead]) -> dict[str, Expected]:
    """Of the pictures of each level."""
    names = study.names
    under_way = by_level(overheads, names) - before_by_level(overheads, names)
    costs = [study.profile.cost(name, "images") for name in names]
    return {
        name: Expected(
            seconds=cost.seconds.value,
            doubt=(cost.seconds.high - cost.seconds.low) / 2 / cost.seconds.value,
            scv=cost.scv,
            besides=max(0.0, float(besides)),
        )
        for name, cost, besides in zip(names, costs, under_way, strict=True)
    }


def _obeyed(study: Study, run: Run) -> Obeyed | None:
    """None where the changes of level were not recorded."""
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
