"""One run: what was measured and predicted, and which assumption is broken where they differ."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from evidence.law import PictureLaw
from evidence.validation import assumptions, at_speed, closed_form, simulated
from evidence.validation.accuracy import asked_about
from evidence.validation.assumptions import Broken, Findings, broken
from evidence.validation.bases import RunBases
from evidence.validation.basis import Basis
from evidence.validation.closed_form import ClosedForm
from evidence.validation.figures import Estimates, Figures, by_name, plain
from evidence.validation.findings import findings, served
from evidence.validation.leeway import leeway
from evidence.validation.measured import measure
from evidence.validation.predictions import Predictions, relative
from evidence.validation.relative_speed import RelativeSpeed
from evidence.validation.service import Service
from evidence.validation.simulated import Replay
from evidence.validation.study import Run


@dataclass(frozen=True)
class Verdict:
    """Of one run; `variants` are predictions on other terms (evidence.validation.variants). `law`
    is that of the prediction, None where it is by the profile. `usual`: what pictures took beside
    what they would have if the machine kept its speed."""

    run: Run
    names: tuple[str, ...]
    law: PictureLaw | None
    measured: Estimates
    theory: ClosedForm
    said: Predictions
    variants: Mapping[str, Predictions]
    findings: Findings
    usual: tuple[Service, ...]
    broken: tuple[Broken, ...]

    @property
    def counts(self) -> bool:
        """Whether accuracy is asked of it."""
        return asked_about(self.theory.utilisation, self.theory.utilisation < 1)

    @property
    def work(self) -> float | None:
        """Of its pictures that had one level alone over the usual: the geometric mean."""
        if not self.usual:
            return None
        logarithms = np.log([each.ratio.value for each in self.usual])
        return float(np.exp(np.average(logarithms, weights=[each.jobs for each in self.usual])))

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
            "leeway": found.leeway and found.leeway.as_json(),
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


def judge(bases: RunBases, run: Run, replications: int) -> Verdict:
    """Predict a run by the basis chosen for it, and compare."""
    basis, study = bases.chosen, bases.chosen.study
    measured = measure(study, run)
    replay = simulated.replay(study, run, replications)
    afresh = simulated.afresh(study, run, replications)
    said = replace(predicted(basis, run, replay), afresh=afresh.estimates(study, basis.later))
    room = leeway(basis, run, said.simulated.mean_response.value, replications)
    found = replace(findings(bases, run, replay), leeway=room)
    return Verdict(
        run=run,
        names=study.names,
        law=basis.law,
        measured=measured,
        theory=closed_form.predict(study, run),
        said=said,
        variants=_others(bases.others, run, replications)
        | {"without_dwell": Predictions(closed_form=basis.formula(run, dwells=False))}
        | _at_speed(bases.usual, run, replications, found.speed),
        findings=found,
        usual=found.services if bases.usual is basis else _usual(bases, run, replications),
        broken=tuple(broken(measured, said, found)),
    )


def _others(others: Mapping[str, Basis], run: Run, replications: int) -> dict[str, Predictions]:
    return {
        name: predicted(each, run, simulated.replay(each.study, run, replications))
        for name, each in others.items()
    }


def _usual(bases: RunBases, run: Run, replications: int) -> tuple[Service, ...]:
    replay = simulated.replay(bases.usual.study, run, replications)
    return served(bases.usual, run, replay)


def _at_speed(
    basis: Basis, run: Run, replications: int, found: RelativeSpeed | None
) -> dict[str, Predictions]:
    """With the speed that the machine had in the run, where that is known: it is told beside that
    of the calibrations, so that `basis` is by their loops alone."""
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
