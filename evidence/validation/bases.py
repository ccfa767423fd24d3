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
    """Of one run: the basis `chosen`, that of the `usual` speed (Bases), and those that were not
    chosen, by the names of their variants (evidence.validation.variants). `local`: whether the
    chosen one is by loops beside the run. `change`: of the speed of the machine from the loops just
    before the run to those just after; None where that is not known."""

    chosen: Basis
    usual: Basis
    others: dict[str, Basis]
    local: bool = False
    change: Estimate | None = None


@dataclass(frozen=True)
class Bases:
    """Of a study: by one law of all loops (or the profile), by that of the loops before and after
    the runs alone, which the probe's `usual` speed is that of, and those of the others that are the
    same for all runs."""

    study: Study
    one_law: Basis
    usual: Basis
    others: dict[str, Basis]

    @classmethod
    def of(cls, study: Study) -> "Bases":
        """By all that the study has."""
        one_law = best(study)
        return cls(study, one_law, calibrated(study) or one_law, others(study))

    def of_run(self, run: Run) -> RunBases:
        """With those that depend on when it was; by one law where that is not known, where no loop
        is beside it, or where those near it tell too little."""
        if run.began is None or run.middle is None:
            return RunBases(self.one_law, self.usual, self.others)
        weights = nearby.weights(self._times(), run.middle)
        near = self._beside(weights)
        forecast = self._beside(nearby.weights(self._times(run.began), run.began))
        own = _known({"one_law": near and self.one_law, "preceding": forecast})
        if near is None or near.law is None:
            return RunBases(self.one_law, self.usual, self.others | own)
        seen = either_side.change(self.study.loops, weights, near.law, run.began)
        return RunBases(near, self.usual, self.others | own, local=True, change=seen)

    def _beside(self, weights: Floats) -> Basis | None:
        """By these weights; None where no loop that has one is beside the runs: those before and
        after them all are near to none."""
        pairs = zip(self.study.loops, weights, strict=True)
        if not any(has and loop.where is Where.REFERENCE for loop, has in pairs):
            return None
        return _by(self.study, weights)

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
        "calibrated": calibrated(study),
        "offline": offline(study),
        "delayed": delayed,
        "uncalibrated": Basis(study),
        "in_engine": Basis(study.slower(delayed.seconds)),
    }
    return _known(found)


def of_part(study: Study, where: Where) -> Basis | None:
    """By the loops of one part of the study alone; None where there are no others, or they tell
    too little."""
    return _of_those(study, [loop.where is where for loop in study.loops])


def calibrated(study: Study) -> Basis | None:
    """By the loops before and after the runs alone, likewise."""
    return _of_those(study, [loop.where is not Where.REFERENCE for loop in study.loops])


def _of_those(study: Study, chosen: Sequence[bool]) -> Basis | None:
    return None if all(chosen) else _by(study, np.array(chosen, float))


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
