"""Predictions of a run at the speed that the machine had: what a forecast cannot know. Pure."""

from dataclasses import dataclass, replace

import numpy as np

from evidence.law import NAMES, PictureLaw
from evidence.validation import simulated
from evidence.validation.basis import Basis
from evidence.validation.calibration import Overhead
from evidence.validation.earlier import at_ratio
from evidence.validation.figures import Estimates, Jobs
from evidence.validation.intervals import Floats
from evidence.validation.relative_speed import Paces, RelativeSpeed
from evidence.validation.study import Run, Study
from loadgen.metrics import Estimate
from services.contract.profile import Interval, Rung
from services.contract.rules import PolicyRules

FAR = 1e6
"""Seconds, longer than any run"""


def slowed(basis: Basis, ratio: float) -> Basis:
    """The same where all work takes so many times as long."""
    overheads = tuple(_overhead(each, ratio) for each in basis.overheads)
    law = basis.law and _law(basis.law, ratio)
    return Basis(_study(basis.study, ratio), overheads, law)


def _study(study: Study, ratio: float) -> Study:
    profile = study.profile
    law = profile.law("images")
    batch = law.model_copy(update={"tau0": law.tau0 * ratio, "tau1": law.tau1 * ratio})
    changed = {
        "rungs": tuple(_rung(each, ratio) for each in profile.rungs),
        "batch": profile.batch | {"images": batch},
    }
    return replace(study, profile=profile.model_copy(update=changed))


def _rung(rung: Rung, ratio: float) -> Rung:
    cost = rung.costs.get("images")
    if cost is None:
        return rung
    longer = cost.model_copy(update={"seconds": _interval(cost.seconds, ratio)})
    return rung.model_copy(update={"costs": rung.costs | {"images": longer}})


def _law(law: PictureLaw, ratio: float) -> PictureLaw:
    longer = {name: _interval(getattr(law, name), ratio) for name in (*NAMES, "before")}
    return replace(law, **longer, spread=law.spread * ratio**2)


def _interval(found: Interval, ratio: float) -> Interval:
    return Interval(**{name: ratio * value for name, value in found.model_dump().items()})


def _overhead(found: Overhead, ratio: float) -> Overhead:
    return replace(
        found, seconds=_estimate(found.seconds, ratio), before=_estimate(found.before, ratio)
    )


def _estimate(found: Estimate, ratio: float) -> Estimate:
    return Estimate(*(ratio * end for end in (found.value, found.low, found.high)))


def followed(basis: Basis, run: Run, found: RelativeSpeed, replications: int) -> Estimates:
    """By simulation, with the speed changing within the run as it was probed.

    Where all work changes its speed alike, a run is one at the calibration's speed by a clock that
    runs as fast as the work does: the simulation has that clock, and its times are carried back.
    What rules say in seconds is carried over by the mean speed. The controller's own periods are
    not, nor how long its estimate of the rate remembers, which is a small error.
    """
    clock = WorkClock.of(found.paces)
    moved = by_work(run, basis.study.rules(run), clock, found.ratio.value)
    replay = simulated.replay(basis.study, moved, replications)
    return replay.estimates(basis.study, lambda jobs: clock.carried_back(basis.later(jobs)))


def by_work(run: Run, rules: PolicyRules, clock: "WorkClock", ratio: float) -> Run:
    """The run with its times in seconds of work, of which one lasts `ratio` of the run's."""
    ordered = run.ordered
    due = clock.work(np.array([each.due for each in ordered])).tolist()
    records = tuple(replace(each, due=at) for each, at in zip(ordered, due, strict=True))
    asked = replace(run.policy, rules=_quicker(rules, ratio))
    seen = run.watched and at_ratio(run.watched, ratio)
    return replace(run, records=records, rate=run.rate * ratio, policy=asked, watched=seen)


def _quicker(rules: PolicyRules, ratio: float) -> PolicyRules:
    """With so many times less patience, dwell and time for an answer."""
    slo, patience = rules.slo, rules.patience_seconds
    shorter = {
        "dwell_seconds": rules.dwell_seconds / ratio,
        "patience_seconds": patience and patience / ratio,
        "slo": slo and slo.model_copy(update={"seconds": slo.seconds / ratio}),
    }
    return rules.model_copy(update=shorter)


@dataclass(frozen=True, eq=False)
class WorkClock:
    """Seconds of the run beside the seconds of work, at the calibration's speed, that a processor
    does until then; both rise, shape (n,)."""

    real: Floats
    done: Floats

    @classmethod
    def of(cls, paces: Paces) -> "WorkClock":
        """From the start of the run on."""
        smooth = paces.smooth
        edges = (smooth.at[1:] + smooth.at[:-1]) / 2
        real = np.concatenate([[-FAR], edges, [FAR]])
        done = np.concatenate([[0.0], np.cumsum(np.diff(real) / smooth.ratios)])
        return cls(real, done - np.interp(0.0, real, done))

    def work(self, times: Floats) -> Floats:
        """Of seconds of the run."""
        return np.interp(times, self.real, self.done)

    def back(self, work: Floats) -> Floats:
        """Seconds of the run; what never is stays so."""
        return np.where(np.isfinite(work), np.interp(work, self.done, self.real), work)

    def carried_back(self, jobs: Jobs) -> Jobs:
        """With all times those of the run."""
        names = ("due", "finished", "outstanding_until", "started")
        return replace(jobs, **{name: self.back(getattr(jobs, name)) for name in names})
