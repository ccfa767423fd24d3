"""What predictions are made from: pictures in the engine, and what comes besides. Pure."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from controller.queueing.refusal import BadInput
from evidence import law as laws
from evidence import served
from evidence.law import EngineLaw
from evidence.served import ClosedLoop
from evidence.validation import closed_form
from evidence.validation.calibration import Overhead, before_by_level, by_level, calibrate
from evidence.validation.closed_form import ClosedForm
from evidence.validation.figures import Jobs
from evidence.validation.intervals import Floats
from evidence.validation.study import Run, Study
from loadgen.metrics import Estimate
from services.contract.profile import Interval, Profile, Rung


@dataclass(frozen=True)
class Basis:
    """A study whose profile holds the engine's seconds alone, and what its pictures cost besides.

    Of `overheads` no picture keeps another waiting. With a `law` they are what it says of a picture
    that meets no other, and those that are finished together do wait for each other.
    """

    study: Study
    overheads: tuple[Overhead, ...]
    law: EngineLaw | None = None

    @property
    def seconds(self) -> Floats:
        """Besides the engine, of a picture that meets no other; shape (levels,)."""
        return by_level(self.overheads, self.study.names)

    def later(self, jobs: Jobs) -> Jobs:
        """The same jobs with what comes after the engine."""
        return jobs.delayed(self.seconds) if self.law is None else _through(self.law, jobs)

    def served(self, jobs: Jobs) -> Jobs:
        """The same jobs as records have them: with what comes before the start of work, too."""
        before = before_by_level(self.overheads, self.study.names)
        more = np.where(jobs.level >= 0, before[jobs.level], 0.0)
        return replace(self.later(jobs), started=jobs.started + more)

    def besides(self, rate: float) -> Floats:
        """Mean seconds besides the engine at so many arrivals a second, shape (levels,); infinite
        where they come faster than they are finished.

        What leaves a processor-sharing engine is taken for Poisson (F. P. Kelly 1979), so that
        finishing is M/D/1: half of ρ/(1 - ρ) of itself more (Pollaczek and Khinchine). Each worker
        finishes its own pictures, an equal share of them.
        """
        each = self.law.finishing.value if self.law else 0.0
        load = self._finishing(rate)
        return self.seconds + (each * load / (2 * (1 - load)) if load < 1 else np.inf)

    def theory(self, run: Run, *, dwells: bool = True) -> ClosedForm:
        """What the formulas say of a run, where both stations keep up."""
        found = closed_form.predict(self.study, run, dwells=dwells)
        busy = self._finishing(run.rate)
        if busy >= 1:
            why = f"pictures are finished one at a time, {run.rate / busy:.3g} a second"
            return ClosedForm(max(busy, found.utilisation), None, why)
        return replace(found, utilisation=max(busy, found.utilisation))

    def _finishing(self, rate: float) -> float:
        """The utilisation of each worker's finishing."""
        return rate / self.study.workers * self.law.finishing.value if self.law else 0.0


def plain(study: Study) -> Basis:
    """By the profile, and what its levels cost besides as a delay."""
    return Basis(study, calibrate(study))


def best(study: Study) -> Basis:
    """By the law of the study's closed loops; by the profile where it has none, or where they tell
    too little: its study then says so among what is skipped."""
    if not study.loops:
        return plain(study)
    try:
        law = served.fit(study.loops, study.profile.law("images").cap)
    except BadInput as error:
        why = f"{error}; predictions are by the profile"
        return plain(replace(study, skipped={**study.skipped, "calibration/loops": why}))
    return by_law(law, study, study.loops)


def others(study: Study) -> dict[str, Basis]:
    """Bases that are not chosen, by the names of their variants (evidence.validation.variants)."""
    delayed, unserved = plain(study), offline(study)
    found = {
        "delayed": delayed,
        "uncalibrated": Basis(study, ()),
        "in_engine": Basis(study.slower(delayed.seconds), ()),
    }
    return found | ({"offline": unserved} if unserved else {})


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


def by_law(law: EngineLaw, study: Study, loops: Sequence[ClosedLoop] = ()) -> Basis:
    """With the law's steps in the engine, and what else it knows as overheads."""
    besides = Overheads.of(law)
    found = tuple(besides.at(name, loops) for name in study.names)
    return Basis(replace(study, profile=profile_by(law, study)), found, law)


@dataclass(frozen=True)
class Overheads:
    """The same at every level: on the way to the engine, and on the way and afterwards."""

    before: Estimate
    seconds: Estimate

    @classmethod
    def of(cls, law: EngineLaw) -> "Overheads":
        """Of a picture that meets no other."""
        way, after = (_estimate(each) for each in (law.apart, law.finishing))
        value = way.value + after.value
        reach = float(np.hypot(after.high - after.value, way.high - way.value))
        return cls(way, Estimate(value, max(0.0, value - reach), value + reach))

    def at(self, level: str, loops: Sequence[ClosedLoop]) -> Overhead:
        """As calibration has it."""
        return Overhead(level, self.seconds, self.before, sum(len(each.seconds) for each in loops))


def profile_by(law: EngineLaw, study: Study) -> Profile:
    """The study's profile with the law's steps in place of what levels were measured to take."""
    steps = {level.name: level.image.steps for level in study.policy.levels}
    rungs = tuple(_rung(rung, law, steps) for rung in study.profile.rungs)
    batch = study.profile.batch | {"images": law.batch}
    return study.profile.model_copy(update={"rungs": rungs, "batch": batch})


def _rung(rung: Rung, law: EngineLaw, steps: Mapping[str, int]) -> Rung:
    cost, count = rung.costs.get("images"), steps.get(rung.level.name)
    if cost is None or count is None:
        return rung
    ends = [
        count * (getattr(law.tau0, end) + getattr(law.tau1, end))
        for end in ("low", "value", "high")
    ]
    seconds = dict(zip(("low", "value", "high"), ends, strict=True))
    known = cost.model_copy(update={"seconds": Interval(**seconds)})
    return rung.model_copy(update={"costs": rung.costs | {"images": known}})


def _through(law: EngineLaw, jobs: Jobs) -> Jobs:
    done = ~np.isnan(jobs.finished)
    if not done.any():
        return jobs
    more, workers = np.zeros(len(done)), np.zeros(len(done)) if jobs.worker is None else jobs.worker
    for worker in np.unique(workers[done]):
        own = done & (workers == worker)
        more[own] = law.ends(jobs.finished[own]) - jobs.finished[own]
    return replace(
        jobs, finished=jobs.finished + more, outstanding_until=jobs.outstanding_until + more
    )


def _estimate(found: Interval) -> Estimate:
    return Estimate(found.value, found.low, found.high)
