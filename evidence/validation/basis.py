"""What predictions are made from: pictures in the worker, and what comes besides. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from controller.queueing.refusal import BadInput
from evidence import served
from evidence.law import PictureLaw
from evidence.served import ClosedLoop
from evidence.validation import closed_form
from evidence.validation.calibration import Overhead, before_by_level, by_level, calibrate
from evidence.validation.figures import Figures, Jobs
from evidence.validation.intervals import Floats
from evidence.validation.study import Run, Study
from services.contract.profile import BatchLaw, Profile, Rung


@dataclass(frozen=True)
class Basis:
    """A study whose profile holds what predictions take for service times.

    With a `law` these are all that a picture takes from sending to its end, and there are no
    `overheads`. Else they are the engine's alone, and an overhead comes after it as a delay, in
    which no picture keeps another waiting.
    """

    study: Study
    overheads: tuple[Overhead, ...] = ()
    law: PictureLaw | None = None

    @property
    def seconds(self) -> Floats:
        """After the engine; shape (levels,)."""
        return by_level(self.overheads, self.study.names)

    @property
    def slowdowns(self) -> tuple[BatchLaw, ...]:
        """How company slows pictures of each level."""
        return tuple(self.study.profile.law("images", name) for name in self.study.names)

    def later(self, jobs: Jobs) -> Jobs:
        """The same jobs with what comes after the engine."""
        return jobs.delayed(self.seconds)

    def served(self, jobs: Jobs) -> Jobs:
        """The same jobs as records have them: with what comes before the start of work, too."""
        more = np.where(jobs.level >= 0, self._before[jobs.level], 0.0)
        return replace(self.later(jobs), started=jobs.started + more)

    @property
    def _before(self) -> Floats:
        """The part before the start of work, (levels,)."""
        if self.law is None:
            return before_by_level(self.overheads, self.study.names)
        return np.full(len(self.study.names), self.law.before.value)

    def formula(self, run: Run, *, dwells: bool = True) -> Figures | None:
        """What the formulas say of a run; None where they have no steady state for it."""
        found = closed_form.predict(self.study, run, dwells=dwells)
        return found.with_overhead(self.seconds, run.rate)


def plain(study: Study) -> Basis:
    """By the profile, and what its levels cost besides as a delay."""
    return Basis(study, calibrate(study))


def best(study: Study) -> Basis:
    """By one law of all the study's closed loops; by the profile where it has none, or where they
    tell too little: its study then says so among what is skipped."""
    if not study.loops:
        return plain(study)
    try:
        return by_loops(study, study.loops)
    except BadInput as error:
        why = f"{error}; predictions are by the profile"
        return plain(replace(study, skipped={**study.skipped, "loops": why}))


def by_loops(study: Study, loops: Sequence[ClosedLoop], weights: Floats | None = None) -> Basis:
    """By the law of these, that count alike or by their weights. Raises BadInput where they tell
    too little."""
    return by_law(served.fit(loops, study.profile.law("images").cap, weights), study)


def by_law(law: PictureLaw, study: Study) -> Basis:
    """With all that a picture takes as work in the worker, slowed by company level by level."""
    return Basis(replace(study, profile=profile_by(law, study)), law=law)


def profile_by(law: PictureLaw, study: Study) -> Profile:
    """The study's profile with what the law says of each level in place of what was measured."""
    steps = {level.name: level.image.steps for level in study.policy.levels}
    rungs = tuple(_rung(rung, law, steps) for rung in study.profile.rungs)
    batch = study.profile.batch | {"images": law.batch}
    return study.profile.model_copy(update={"rungs": rungs, "batch": batch})


def _rung(rung: Rung, law: PictureLaw, steps: Mapping[str, int]) -> Rung:
    cost, count = rung.costs.get("images"), steps.get(rung.level.name)
    if cost is None or count is None:
        return rung
    said = {"seconds": law.alone(count), "crowding": law.crowding(count)}
    return rung.model_copy(update={"costs": rung.costs | {"images": cost.model_copy(update=said)}})
