"""Predictions by the law of closed loops, on a stack that has two stations."""

from dataclasses import replace

import numpy as np
import pytest

from evidence.law import EngineLaw
from evidence.served import ClosedLoop, response
from evidence.validation.basis import best, offline, plain
from evidence.validation.figures import Jobs
from evidence.validation.folder import load
from evidence.validation.result import validate
from services.contract.profile import BatchLaw, Interval, Timing
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


@pytest.fixture(scope="module")
def result(study):
    """Of it."""
    return validate(study, replications=10)


def test_the_law_of_closed_loops_predicts_where_the_profile_does_not(result) -> None:
    assert result.accuracy("simulated").worst < 0.1
    assert result.accuracy("closed_form").worst < 0.25
    assert result.accuracy("simulated", "uncalibrated").worst > 0.25


def test_the_law_is_told(result) -> None:
    found = result.as_json()["law"]

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


def test_data_of_the_law_itself_have_nothing_against_its_service(result) -> None:
    found = [each for verdict in result.verdicts for each in verdict.findings.services]

    assert {each.level for each in found} >= {"ddim-25", "ddim-3"}
    assert not any(each.differs or each.doubted or each.dependent for each in found)
    assert not any(each.beyond_the_law for each in found)


def test_each_worker_finishes_its_own_pictures(study) -> None:
    one = best(study)
    two = replace(one, study=replace(one.study, workers=2))
    left = np.array([1.0, 1.0, 1.0, 1.0])
    jobs = Jobs(left - 1, left, left, np.zeros(4, int), left > 0, left - 1, left > 0)
    shared = replace(jobs, worker=np.array([0, 1, 0, 1]))

    assert two.besides(30.0) == pytest.approx(one.besides(15.0))
    assert (one.later(jobs).finished - 1 - APART) / FINISHING == pytest.approx(
        [1, 2, 3, 4], rel=0.02
    )
    assert (two.later(shared).finished - 1 - APART) / FINISHING == pytest.approx(
        [1, 1, 2, 2], rel=0.02
    )


def test_two_workers_finish_twice_as_many(study) -> None:
    run = next(each for each in study.runs if each.policy.notation == "fixed:ddim-3")
    theory = best(replace(study, workers=2)).theory(replace(run, rate=60.0))

    assert theory.utilisation == pytest.approx(30 * FINISHING, rel=0.02)
    assert f"{2 / FINISHING:.3g} a second" in theory.refused


def test_loops_that_tell_too_little_leave_the_profile_and_say_so(study) -> None:
    few = replace(study, loops=study.loops[:1], runs=study.runs[:1])

    result = validate(few, replications=2)

    assert result.law is None
    assert best(few).study.profile == few.profile
    assert any("calibration/loops was skipped" in note for note in result.notes)
    assert "by the profile" in result.as_json()["skipped"]["calibration/loops"]


def _timings(sampler: str, steps: tuple[int, ...], batches: tuple[int, ...], law) -> list[Timing]:
    finishing, tau0, tau1 = law
    return [
        Timing(
            queue="images",
            setting={"sampler": sampler},
            steps=count,
            batch=batch,
            seconds=(batch * finishing + count * (tau0 + tau1 * batch),),
        )
        for count in steps
        for batch in batches
    ]


def test_a_prediction_without_serving_takes_the_profiles_own_timings(study) -> None:
    planted = (FINISHING, TAU0, TAU1)
    timings = (
        *_timings("ddpm", (100,), (1, 2, 4, 8, 16), (1.0, 1.0, 1.0)),
        *_timings("ddim", (10, 25), (1, 4), planted),
    )
    known = replace(study, profile=study.profile.model_copy(update={"timings": timings}))

    law = offline(known).law

    assert (law.finishing.value, law.tau0.value, law.tau1.value) == pytest.approx(planted)
    assert law.apart.value == 0
    result = validate(known, replications=5)
    assert result.accuracy("simulated", "offline").runs == len(PLAYED)
    assert result.accuracy("simulated", "offline").worst < 0.25


def test_timings_that_do_not_suffice_make_no_prediction(study) -> None:
    timings = tuple(_timings("ddim", (10, 25, 50, 100), (1,), (FINISHING, TAU0, TAU1)))
    short = replace(study, profile=study.profile.model_copy(update={"timings": timings}))

    assert offline(short) is None
    result = validate(replace(short, runs=study.runs[:1]), replications=2)
    assert result.accuracy("simulated", "offline").runs == 0
    assert result.as_json()["accuracy"]["offline"]["simulated"]["held"] is None
