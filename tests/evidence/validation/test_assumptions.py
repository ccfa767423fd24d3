"""Which assumption is named for which departure."""

from dataclasses import replace

import numpy as np
import pytest

from evidence.validation import assumptions
from evidence.validation.arrivals import arrivals
from evidence.validation.assumptions import Findings, broken
from evidence.validation.control import Obeyed
from evidence.validation.figures import Estimates, Figures
from evidence.validation.leeway import Leeway
from evidence.validation.outcomes import Outcomes
from evidence.validation.predictions import Predictions, departs, relative
from evidence.validation.relative_speed import Paces, RelativeSpeed, Variation
from evidence.validation.service import Service
from loadgen.metrics import Estimate

SOUND = Outcomes(refused=0, timed_out=0, unsent=0, failed=0, retried=0, lag_p99=0.001)


def said(mean, half=0.05):
    """A measured or simulated mean response."""
    found = Estimate(mean, mean - half, mean + half)
    return Estimates(found, found, found, found, (1.0,), None)


def formula(mean):
    """The same of a formula."""
    return Figures(mean, mean, mean, mean, (1.0,), None)


def findings(**changed):
    """Of records that speak against nothing."""
    gaps = np.random.default_rng(1).standard_exponential(400)
    sound = Findings(arrivals(np.cumsum(gaps), 1.0), (), SOUND, None, ())
    return replace(sound, **changed)


def sentences(found):
    """Without the evidence."""
    return assumptions.sentences(found)


def test_what_agrees_breaks_nothing():
    agreeing = Predictions(said(1.02), said(1.0), formula(0.98))

    assert broken(said(1.0), agreeing, findings(obeyed=Obeyed(0.5, 1, 9))) == []


def test_an_error_of_a_tenth_asks_for_a_reason_and_so_does_a_prediction_beyond_the_interval():
    assert departs(said(1.15), said(1.0, half=0.3))
    assert departs(formula(1.06), said(1.0, half=0.05))
    assert not departs(formula(1.06), said(1.0, half=0.08))
    assert not departs(None, said(1.0))


def test_a_reason_that_is_not_known_is_said_to_be_unknown():
    (found,) = broken(said(1.0), Predictions(said(1.5), None, None), findings())

    assert found.sentence == assumptions.UNKNOWN
    assert "+50.0 %" in found.evidence


def service(**changed):
    """Of a level that is as the profile says."""
    fine = Estimate(0.0, -0.01, 0.01)
    sound = Service("fast", 100, Estimate(1.0, 0.99, 1.01), 0.01, 0.01, 0.01, fine, fine, 0.0)
    return replace(sound, **changed)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"outcomes": replace(SOUND, lag_p99=0.3)}, assumptions.LATE),
        ({"outcomes": replace(SOUND, refused=3)}, assumptions.REFUSED),
        ({"outcomes": replace(SOUND, timed_out=3)}, assumptions.UNANSWERED),
        ({"outcomes": replace(SOUND, failed=1)}, assumptions.UNANSWERED),
        ({"outcomes": replace(SOUND, retried=2)}, assumptions.RETRIED),
        ({"obeyed": Obeyed(0.3, 10, 14)}, assumptions.ANOTHER_LEVEL),
        ({"planned_for": 4.0}, assumptions.PLANNED_ANEW),
        ({"change": Estimate(0.8, 0.7, 0.9)}, assumptions.CHANGED),
        ({"change": Estimate(1.2, 1.06, 1.3)}, assumptions.CHANGED),
        ({"change": Estimate(1.2, 1.04, 1.3)}, assumptions.UNKNOWN),
        ({"uncalibrated": ("fast",)}, assumptions.UNCALIBRATED.format(level="fast")),
        (
            {"services": (service(ratio=Estimate(1.4, 1.3, 1.5)),)},
            assumptions.WORK.format(level="fast"),
        ),
        (
            {"services": (service(ratio=Estimate(1.1, 1.09, 1.11), doubt=0.2),)},
            assumptions.DOUBT.format(level="fast"),
        ),
        (
            {"services": (service(slope=Estimate(0.2, 0.1, 0.3)),)},
            assumptions.COMPANY.format(level="fast"),
        ),
        (
            {"services": (service(autocorrelation=Estimate(0.2, 0.1, 0.3)),)},
            assumptions.DEPENDENT_WORK.format(level="fast"),
        ),
    ],
)
def test_what_the_records_show_is_named(changed, expected):
    departing = Predictions(said(1.5), said(1.5), None)

    assert sentences(broken(said(1.0), departing, findings(**changed))) == [expected]


def test_a_prediction_by_loops_near_the_run_assumes_no_speed_of_the_calibration():
    """It does assume one speed within the run."""
    paces = Paces(np.arange(2.0), np.ones(2))
    slower = RelativeSpeed(Estimate(1.3, 1.2, 1.4), Variation(0.2, 0.001), paces)
    departing = Predictions(said(1.5), said(1.5), None)

    by_one, by_near = (
        sentences(broken(said(1.0), departing, findings(speed=slower, local=local)))
        for local in (False, True)
    )

    assert by_one == [assumptions.SPEED, assumptions.UNEVEN]
    assert by_near == [assumptions.UNEVEN]


@pytest.mark.parametrize(
    ("measured", "low", "high", "named"),
    [
        (1.3, 0.8, 1.4, True),
        (0.88, 0.87, 1.01, True),
        (0.9, 0.91, 1.05, False),
        (1.3, 0.97, 1.2, False),
        (1.12, 0.93, 1.06, False),
    ],
)
def test_what_the_law_leaves_open_is_named_where_it_is_much_and_enough(measured, low, high, named):
    room = Leeway(0.05, Estimate(1.0, low, high))

    found = broken(said(measured), Predictions(said(1.0)), findings(leeway=room))

    assert sentences(found) == [assumptions.NOT_KNOWN_BETTER if named else assumptions.UNKNOWN]


def test_what_the_law_leaves_open_of_the_simulation_explains_no_formula():
    departing = Predictions(said(1.0), closed_form=formula(1.5))

    found = broken(said(1.0), departing, findings(leeway=Leeway(0.05, Estimate(1.0, 0.7, 1.4))))

    assert assumptions.NOT_KNOWN_BETTER not in sentences(found)


def test_neighbours_that_wait_for_the_same_station_are_no_surprise():
    alike = service(autocorrelation=Estimate(0.2, 0.1, 0.3), expected_autocorrelation=0.15)
    departing = Predictions(said(1.5), said(1.5), None)

    found = broken(said(1.0), departing, findings(services=(alike,)))

    assert sentences(found) == [assumptions.UNKNOWN]


def test_only_formulas_ask_for_poisson_arrivals():
    bursts = np.random.default_rng(1).standard_gamma(0.2, 400) / 0.2
    seen = findings(arrivals=arrivals(np.cumsum(bursts), 1.0))
    both = Predictions(said(1.5), said(1.0), formula(1.5))

    assert assumptions.NOT_POISSON in sentences(broken(said(1.0), both, seen))
    simulated = Predictions(said(1.5), said(1.5), formula(1.0))
    assert assumptions.NOT_POISSON not in sentences(broken(said(1.0), simulated, seen))


def test_a_short_run_may_be_far_from_the_steady_state_by_chance():
    by_chance = Predictions(said(1.0), said(1.3, half=0.4), formula(1.3))
    not_settled = Predictions(said(1.0), said(1.0, half=0.1), formula(1.3))

    assert sentences(broken(said(1.0), by_chance, findings())) == [assumptions.CHANCE]
    assert assumptions.STEADY_STATE in sentences(broken(said(1.0), not_settled, findings()))


def test_errors_are_relative_to_what_was_measured():
    found = relative(formula(1.2), said(1.0))

    assert found["mean_response"] == pytest.approx(0.2)
    assert relative(None, said(1.0))["mean_response"] is None
    assert (
        relative(formula(1.0), replace(said(1.0), effective_quality=None))["effective_quality"]
        is None
    )
