"""Which assumption of a prediction is broken, where a run departs from it. Pure.

The sentences name assumptions and hold no figures, so that runs can be counted by them; the figures
are the evidence beside each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.validation.arrivals import Arrivals
from evidence.validation.control import Obeyed
from evidence.validation.figures import Estimates
from evidence.validation.leeway import Leeway
from evidence.validation.outcomes import Outcomes
from evidence.validation.predictions import FAR, Predictions, departs, error, uncertain
from evidence.validation.relative_speed import SPAN_SECONDS, WIDE, RelativeSpeed
from evidence.validation.service import Service
from loadgen.metrics import Estimate

LATE_SHARE = 0.02
"""Of the mean response: how late the generator may be."""

NOT_POISSON = "Arrivals are not Poisson of the rate asked for, as the formulas have it."
DEPENDENT_GAPS = "Gaps between arrivals depend on each other."
LATE = "The generator sent requests later than they were due."
REFUSED = "Some requests were refused."
UNANSWERED = "Some requests failed, were given up or never sent."
RETRIED = "Some pictures took more than one attempt."
WORK = "A picture at {level} takes another time in the worker than was predicted."
DOUBT = "What a picture at {level} takes was not known well enough beforehand."
COMPANY = "Company slows pictures at {level} other than the law of that level says."
DEPENDENT_WORK = "Neighbouring pictures at {level} take alike: service times are not independent."
ANOTHER_LEVEL = "The level in force was often another than the rules call for by the depth."
PLANNED_ANEW = (
    "The live plan was made anew from estimated rates and service times; the simulation has the "
    "service times of the prediction, and the formula the plan for the true rate."
)
CHANCE = "The run is so short that by chance it may be this far from the steady state."
STEADY_STATE = (
    "The formula differs from simulated runs of this length: it approximates, or the start counts."
)
SPEED = "The machine did not keep the speed of the calibration: the same work took another time."
UNEVEN = "The machine did not keep one speed within the run."
CHANGED = (
    "The machine changed its speed between the closed loops before the run and those after it."
)
NOT_KNOWN_BETTER = (
    "What a picture takes is not known well enough for the mean response to be known to a tenth."
)
UNCALIBRATED = "What a picture at {level} costs besides the engine is not known."
UNKNOWN = "No assumption that is checked here explains the difference."


@dataclass(frozen=True)
class Broken:
    """An assumption, and the figures that speak against it."""

    sentence: str
    evidence: str

    def as_json(self) -> dict[str, str]:
        """As validation.json holds it."""
        return {"assumption": self.sentence, "evidence": self.evidence}


@dataclass(frozen=True)
class Findings:
    """What the records of one run say of the assumptions."""

    arrivals: Arrivals | None
    services: tuple[Service, ...]
    outcomes: Outcomes
    obeyed: Obeyed | None
    uncalibrated: tuple[str, ...]
    planned_for: float | None = None
    """The true rate, of rules that plan thresholds for it; None where rules fix them"""
    speed: RelativeSpeed | None = None
    """Of the machine, where it was kept"""
    local: bool = False
    """Whether the prediction is by loops near the run, at whatever speed these had"""
    change: Estimate | None = None
    """Of the seconds of pictures, from the loops just before the run to those just after"""
    leeway: Leeway | None = None
    """Of the simulated mean response, by what the law leaves open"""


def broken(measured: Estimates, said: Predictions, found: Findings) -> list[Broken]:
    """Nothing where no prediction departs from the run."""
    by_simulation, by_formula = (
        departs(said.simulated, measured),
        departs(said.closed_form, measured),
    )
    reasons: list[Broken] = []
    if by_simulation or by_formula:
        reasons += [*_sending(measured, found), *_running(found), *_serving(found)]
        reasons += _steering(found)
    if by_simulation:
        reasons += _open(measured, found.leeway)
    if by_formula:
        reasons += [*_arriving(found.arrivals), *_settling(measured, said)]
    if (by_simulation or by_formula) and not reasons:
        reasons.append(Broken(UNKNOWN, _errors(measured, said)))
    return reasons


def _errors(measured: Estimates, said: Predictions) -> str:
    pairs = (("simulated", said.simulated), ("closed form", said.closed_form))
    errors = ((name, error(each, measured)) for name, each in pairs)
    return ", ".join(f"{name} {100 * off:+.1f} %" for name, off in errors if off is not None)


def _sending(measured: Estimates, found: Findings) -> Iterator[Broken]:
    seen, mean = found.outcomes, measured.mean_response.value
    if seen.lag_p99 > LATE_SHARE * mean:
        yield Broken(LATE, f"one in a hundred by {seen.lag_p99:.3f} s or more")
    if seen.refused:
        yield Broken(REFUSED, f"{seen.refused}")
    if missing := seen.timed_out + seen.unsent + seen.failed:
        yield Broken(UNANSWERED, f"{missing}")
    if seen.retried:
        yield Broken(RETRIED, f"{seen.retried}")


def _running(found: Findings) -> Iterator[Broken]:
    changed, seen = found.change, found.speed
    if changed is not None and (changed.low > 1 + WIDE or changed.high < 1 - WIDE):
        yield Broken(CHANGED, f"{_said(changed)} times as long after it, in the same company")
    if seen is None:
        return
    if seen.differs and not found.local:
        yield Broken(SPEED, f"{_said(seen.ratio)} times as long, with as many pictures under way")
    if seen.uneven and seen.variation is not None:
        told = "coefficient of variation, less what single pieces vary by"
        varied = f"vary by {100 * seen.variation.value:.0f} % ({told})"
        yield Broken(UNEVEN, f"means of the same work over {SPAN_SECONDS:g} s {varied}")


def _serving(found: Findings) -> Iterator[Broken]:
    for level in found.uncalibrated:
        yield Broken(UNCALIBRATED.format(level=level), "no run of the calibration at this level")
    for each in found.services:
        yield from _service(each)


def _service(found: Service) -> Iterator[Broken]:
    if found.differs:
        evidence = f"{_said(found.ratio)} times that expected, over {found.jobs} pictures"
        yield Broken(WORK.format(level=found.level), evidence)
    if found.doubted:
        sure = f"{100 * found.doubt:.0f} %"
        evidence = f"{_said(found.ratio)} times that expected, which is sure to within {sure}"
        yield Broken(DOUBT.format(level=found.level), evidence)
    if found.beyond_the_law:
        evidence = f"work grows by {_said(found.slope)} more than expected for each other under way"
        yield Broken(COMPANY.format(level=found.level), evidence)
    if found.dependent:
        expected = f"{found.expected_autocorrelation:.3g} expected"
        evidence = f"autocorrelation {_said(found.autocorrelation)}, {expected}"
        yield Broken(DEPENDENT_WORK.format(level=found.level), evidence)


def _steering(found: Findings) -> Iterator[Broken]:
    if found.planned_for is not None:
        yield Broken(PLANNED_ANEW, f"the true rate is {found.planned_for:g} a second")
    seen = found.obeyed
    if seen is not None and seen.apart > FAR:
        counts = f"{seen.changes} changes, {seen.called_for} called for"
        yield Broken(ANOTHER_LEVEL, f"{100 * seen.apart:.0f} % of the time; {counts}")


def _open(measured: Estimates, found: Leeway | None) -> Iterator[Broken]:
    if found is None:
        return
    said, mean = found.mean_response, measured.mean_response.value
    if uncertain(said) and said.low <= mean <= said.high:
        sure = f"{100 * found.doubt:.0f} %"
        yield Broken(NOT_KNOWN_BETTER, f"{_said(said)} s where a picture is sure to within {sure}")


def _arriving(found: Arrivals | None) -> Iterator[Broken]:
    if found is None:
        return
    if found.not_poisson:
        told = f"p = {found.ks_p:.2g} (Kolmogorov–Smirnov), gaps' scv {_said(found.gaps_scv)}"
        yield Broken(NOT_POISSON, told)
    if found.dependent:
        yield Broken(DEPENDENT_GAPS, f"autocorrelation {_said(found.autocorrelation)}")


def _settling(measured: Estimates, said: Predictions) -> Iterator[Broken]:
    """Whether runs of this length with fresh arrivals come as far from the formula."""
    if said.afresh is None or said.closed_form is None:
        return
    mean, others = said.closed_form.mean_response, said.afresh.mean_response
    told = f"95 % of simulated runs have a mean of {others.low:.3g} … {others.high:.3g} s"
    if others.low <= measured.mean_response.value <= others.high:
        yield Broken(CHANCE, told)
    if abs(others.value / mean - 1) > FAR:
        yield Broken(
            STEADY_STATE, f"{told}, on average {others.value:.3g}; the formula says {mean:.3g}"
        )


def _said(found: Estimate) -> str:
    return f"{found.value:.3g} ({found.low:.3g} … {found.high:.3g})"


def sentences(found: Sequence[Broken]) -> list[str]:
    """The assumptions alone."""
    return [each.sentence for each in found]
