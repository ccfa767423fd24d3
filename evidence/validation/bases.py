"""By what each run is predicted, and by what else it could have been. Pure.

The machine changes its speed within a study, so that a run is predicted by the closed loops near it
in time. Some of them were played after it: that says whether the model holds. What could have been
said before the run is a variant, `preceding`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from controller.queueing.refusal import BadInput
from evidence import law as laws
from evidence.served import Where
from evidence.validation import either_side, nearby
from evidence.validation.basis import Basis, best, by_law, by_loops, plain
from evidence.validation.intervals import Floats
from evidence.validation.study import Run, Study
from loadgen.metrics import Estimate

Times = Sequence[float | None]


@dataclass(frozen=True)
class RunBases:
    """Of one run: the basis `chosen`, that by one law of all loops (or the profile), and those that
    were not chosen, by the names of their variants (evidence.validation.variants). `change`: of the
    speed of the machine from the loops just before the run to those just after; None where that is
    not known."""

    chosen: Basis
    one_law: Basis
    others: dict[str, Basis]
    change: Estimate | None = None

    @property
    def local(self) -> bool:
        """Whether the run is predicted by the loops near it."""
        return self.chosen is not self.one_law


@dataclass(frozen=True)
class Bases:
    """Of a study: by one law, and those of the others that are the same for all runs."""

    study: Study
    one_law: Basis
    others: dict[str, Basis]

    @classmethod
    def of(cls, study: Study) -> "Bases":
        """By all that the study has."""
        return cls(study, best(study), others(study))

    def of_run(self, run: Run) -> RunBases:
        """With those that depend on when it was; by one law where that is not known, or where the
        loops near it tell too little."""
        if run.middle is None or run.began is None or self.one_law.law is None:
            return RunBases(self.one_law, self.one_law, self.others)
        weights = nearby.weights(self._times(), run.middle)
        near = _by(self.study, weights)
        forecast = _by(self.study, nearby.weights(self._times(run.began), run.middle))
        own = _known({"one_law": near and self.one_law, "preceding": forecast})
        if near is None or near.law is None:
            return RunBases(self.one_law, self.one_law, self.others | own)
        seen = either_side.change(self.study.loops, weights, near.law, run.began)
        return RunBases(near, self.one_law, self.others | own, seen)

    def _times(self, until: float = inf) -> Times:
        """Of the loops; None for those later than that. Loops and runs follow each other, so that
        one whose middle is before a run has ended before it."""
        times = (loop.at for loop in self.study.loops)
        return [None if at is None or at > until else at for at in times]


def _by(study: Study, weights: Floats) -> Basis | None:
    """By the loops that have a weight; None where they tell too little."""
    try:
        return by_loops(study, study.loops, weights)
    except BadInput:
        return None


def _known(found: Mapping[str, Basis | None]) -> dict[str, Basis]:
    return {name: each for name, each in found.items() if each is not None}


def others(study: Study) -> dict[str, Basis]:
    """Bases that are not chosen, by the names of their variants."""
    delayed = plain(study)
    found = {
        "before": of_part(study, Where.CALIBRATION),
        "after": of_part(study, Where.RECALIBRATION),
        "offline": offline(study),
        "delayed": delayed,
        "uncalibrated": Basis(study),
        "in_engine": Basis(study.slower(delayed.seconds)),
    }
    return _known(found)


def of_part(study: Study, where: Where) -> Basis | None:
    """By the loops of one part of the study alone; None where there are no others, or they tell
    too little."""
    here = np.array([loop.where == where for loop in study.loops])
    return None if here.all() else _by(study, here.astype(float))


def offline(study: Study) -> Basis | None:
    """By the law of the profile's own timings of pictures, of the sampler, precision and size with
    the most settings of steps and batch: what can be predicted before anything is served. None
    where no sampler's suffice."""
    cap, pictures = study.profile.law("images").cap, defaultdict(list)
    for timing in study.profile.timings:
        if timing.queue == "images":
            pictures[json.dumps(timing.setting, sort_keys=True)].append(timing)
    for timings in sorted(pictures.values(), key=len, reverse=True):
        try:
            return by_law(laws.offline(timings, cap), study)
        except BadInput:
            continue
    return None
