"""Predictions by the law of closed loops, on a stack that has two stations."""

import numpy as np
import pytest

from evidence.law import EngineLaw
from evidence.served import ClosedLoop, response
from evidence.validation.basis import best, plain
from evidence.validation.folder import load
from evidence.validation.result import validate
from services.contract.profile import BatchLaw, Interval
from tests.evidence.validation.studies import STEPS, Truth, begin, play, profile

APART, FINISHING, TAU0, TAU1 = 0.01, 0.04, 0.013, 0.005
PLAYED = [("fixed:ddim-25", 4.0), ("fixed:ddim-3", 12.0), ("threshold:4,12", 8.0)]


def _loop(steps: int, company: float) -> ClosedLoop:
    law = np.array([FINISHING, TAU0, TAU1])
    seconds = response(law, APART, np.array([float(steps)]), np.array([company]))
    return ClosedLoop(steps, company, (APART,) * 5, (float(seconds[0]),) * 5)


def _truth() -> Truth:
    """What a profile of the engine alone does not know."""
    values = [Interval(value=each, low=each, high=each) for each in (APART, FINISHING, TAU0, TAU1)]
    seconds = {name: steps * (TAU0 + TAU1) for name, steps in STEPS.items()}
    batch = BatchLaw(tau0=TAU0, tau1=TAU1, cap=8)
    return Truth(seconds=seconds, law=batch, served=EngineLaw(*values, cap=8, observations=9))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = begin(tmp_path_factory.mktemp("served") / "study")
    for notation, rate in PLAYED:
        play(folder, notation, rate, truth=_truth())
    found = load(folder)
    loops = tuple(_loop(steps, company) for steps in STEPS.values() for company in (0.0, 3.0, 6.5))
    return found.__class__(**vars(found) | {"loops": loops})


def test_the_law_of_closed_loops_predicts_where_the_profile_does_not(study) -> None:
    result = validate(study, replications=10)

    assert result.accuracy("simulated").worst < 0.1
    assert result.accuracy("closed_form").worst < 0.25
    assert result.accuracy("simulated", "uncalibrated").worst > 0.25


def test_the_law_is_told(study) -> None:
    found = validate(study, replications=2).as_json()["law"]

    assert found["finishing"]["value"] == pytest.approx(FINISHING, rel=0.02)
    assert found["cap"] == 8


def test_more_than_can_be_finished_has_no_steady_state(study) -> None:
    basis = best(study)
    run = next(each for each in study.runs if each.policy.notation == "fixed:ddim-3")
    theory = basis.theory(run.__class__(**vars(run) | {"rate": 30.0}))

    assert theory.figures is None
    assert theory.utilisation == pytest.approx(30 * FINISHING, rel=0.02)
    assert "finished one at a time" in theory.refused
    assert np.isinf(basis.besides(30.0)).all()


def test_without_loops_the_profile_it_is(study) -> None:
    without = study.__class__(**vars(study) | {"loops": ()})

    assert best(without) == plain(without)
    assert best(without).study.profile == profile()
