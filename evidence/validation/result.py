"""Everything that validation finds of a study, and its form in validation.json."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evidence.law import PictureLaw
from evidence.validation import calibration, intervals, told
from evidence.validation.accuracy import ASKED, Accuracy, accuracy
from evidence.validation.bases import Bases
from evidence.validation.calibration import Overhead
from evidence.validation.capacity import Capacity, capacity
from evidence.validation.fairness import Fairness, fairness
from evidence.validation.margins import (
    Contest,
    Distance,
    Margin,
    contests,
    distances,
    margins,
)
from evidence.validation.relative_speed import UNEVEN, WIDE
from evidence.validation.simulated import REPLICATIONS
from evidence.validation.study import Run, Study
from evidence.validation.variants import KINDS, VARIANTS
from evidence.validation.verdict import Verdict, judge

Track = Callable[[Sequence[Run]], Iterable[Run]]


@dataclass(frozen=True)
class Result:
    """Of a study."""

    study: Study
    overheads: tuple[Overhead, ...]
    verdicts: tuple[Verdict, ...]
    capacity: Capacity | None
    margins: tuple[Margin, ...]
    contests: tuple[Contest, ...]
    distances: tuple[Distance, ...]
    replications: int
    law: PictureLaw | None = None
    """One of all closed loops, where there are any"""

    def accuracy(self, kind: str, variant: str | None = None) -> Accuracy:
        """Of one kind of prediction, over the runs that are asked about."""
        counting = (each for each in self.verdicts if each.counts)
        return accuracy([each.error(kind, variant) for each in counting])

    @property
    def method(self) -> str:
        """How intervals were made."""
        return f"{intervals.METHOD}; {self.replications} replications a run"

    def as_json(self) -> dict[str, Any]:
        """As validation.json holds it."""
        slo = self.study.slo
        return {
            "slo": slo and {"seconds": slo.seconds, "percentile": slo.percentile},
            "method": self.method,
            "notes": self.notes,
            "skipped": dict(self.study.skipped),
            "law": self.law and told.one_law(self.law, self.study),
            "loops": told.loops(self.study, self.law),
            "calibration": [each.as_json() for each in self.overheads],
            "runs": [self._run(each) for each in self.verdicts],
            "accuracy": self._accuracies(),
            "speed": self._speed(),
            "capacity": self.capacity and self.capacity.as_json(),
            "margins": [each.as_json() for each in self.margins],
            "planned_against_threshold": [each.as_json() for each in self.contests],
            "less_optimum": [each.as_json() for each in self.distances],
        }

    @property
    def fairness(self) -> Fairness | None:
        """Whether the probe of the machine's speed tells how fast pictures are."""
        pairs = ((each.findings.speed, each.work) for each in self.verdicts)
        return fairness([(found.ratio.value, work) for found, work in pairs if found and work])

    def _speed(self) -> dict[str, Any] | None:
        """Of the machine, where it was kept."""
        known, fair = self.study.reference, self.fairness
        if known is None or not len(known.seconds):
            return None
        seen = [each.findings.speed for each in self.verdicts if each.findings.speed]
        return {
            "calibration_seconds": float(known.seconds.mean()),
            "runs": len(seen),
            "apart": sum(each.differs for each in seen),
            "uneven": sum(each.uneven for each in seen),
            "bounds": {"apart": WIDE, "uneven": UNEVEN},
            "pictures": fair and fair.as_json(),
        }

    def _run(self, found: Verdict) -> dict[str, Any]:
        law = found.law and told.law_of_run(found.law, self.study)
        return found.as_json() | {"law": law}

    def _accuracies(self) -> dict[str, Any]:
        others = {
            name: {kind: self.accuracy(kind, name).as_json() for kind in variant.kinds}
            for name, variant in VARIANTS.items()
        }
        return {kind: self.accuracy(kind).as_json() for kind in KINDS} | others | {"asked": ASKED}

    @property
    def notes(self) -> list[str]:
        """What a reader of the figures must know."""
        study, missing = self.study, calibration.uncalibrated(self.overheads, self.study.names)
        notes = [f"{name} was skipped: {why}" for name, why in study.skipped.items()]
        if missing and self.law is None:
            notes.append(
                "what a picture costs besides the engine is taken to be 0 at "
                f"{', '.join(missing)}: no calibration has {calibration.LEAST_ALONE} pictures "
                "there that met no other"
            )
        if study.slo is None:
            notes.append("no target is known, so no capacity: give --slo SECONDS")
        if study.qualities is None:
            notes.append("the profile lacks the quality of a level, so there are no margins")
        elif not study.captions:
            notes.append(
                "there are no scores of single captions (profile/quality.csv), so margins take the "
                "levels' qualities for independent"
            )
        return notes


def validate(study: Study, track: Track = iter, replications: int = REPLICATIONS) -> Result:
    """Judge every run; `track` goes through them and may show how far it is."""
    bases = Bases.of(study)
    return Result(
        study=replace(study, skipped=bases.one_law.study.skipped),
        overheads=bases.others["delayed"].overheads,
        law=bases.one_law.law,
        verdicts=tuple(judge(bases.of_run(run), run, replications) for run in track(study.runs)),
        capacity=capacity(study),
        margins=tuple(margins(study)),
        contests=tuple(contests(study)),
        distances=tuple(distances(study)),
        replications=replications,
    )
