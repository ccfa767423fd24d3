"""Which loops each run is predicted by, and what else it could have been."""

from dataclasses import replace

import pytest

from evidence.served import Where
from evidence.validation.bases import of_part, offline
from evidence.validation.folder import load
from evidence.validation.result import validate
from services.contract.profile import Timing
from tests.evidence.validation.studies import Truth, begin, loops, picture_law, play

FINISHING, TAU0, TAU1 = 0.04, 0.013, 0.0045
LAW = picture_law(0.03, 0.02, TAU0, TAU1, 0.01)
PLAYED = [("fixed:ddim-25", 4.0), ("fixed:ddim-3", 10.5), ("threshold:4,12", 8.0)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = begin(tmp_path_factory.mktemp("served") / "study")
    for notation, rate in PLAYED:
        play(folder, notation, rate, truth=Truth.of(LAW), seconds=240.0)
    return replace(load(folder), loops=loops(LAW))


def _fastest(result):
    return next(each for each in result.verdicts if each.run.policy.notation == "fixed:ddim-3")


def test_a_machine_that_drifts_is_calibrated_on_both_sides(study) -> None:
    """A tenth quicker before the runs, a tenth slower after them."""
    later = loops(LAW, ratio=1.1, where=Where.RECALIBRATION)
    drifted = replace(study, loops=(*loops(LAW, ratio=0.9), *later))

    result = validate(drifted, replications=5)

    assert result.law.observations == 18
    assert result.accuracy("simulated").worst < 0.1
    assert result.accuracy("simulated", "before").runs == len(PLAYED)
    assert _fastest(result).error("simulated", "before") < -0.1
    assert result.accuracy("simulated", "after").runs == len(PLAYED)
    assert _fastest(result).error("simulated", "after") > _fastest(result).error("simulated")


def test_there_is_no_forecast_apart_where_all_loops_came_before(study) -> None:
    later = tuple(replace(each, where=Where.RECALIBRATION) for each in study.loops)

    assert of_part(study, Where.CALIBRATION) is None
    assert of_part(study, Where.RECALIBRATION) is None
    assert of_part(replace(study, loops=later), Where.CALIBRATION) is None
    assert of_part(replace(study, loops=later), Where.RECALIBRATION) is None
    assert of_part(replace(study, loops=study.loops + later), Where.CALIBRATION) is not None


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

    found = (law.phi0.value + law.phi1.value, law.tau0.value, law.tau1.value)
    assert found == pytest.approx(planted)
    assert law.before.value == 0
    result = validate(known, replications=5)
    assert result.accuracy("simulated", "offline").runs == len(PLAYED)
    # It errs towards slower, most where company is large: the study's pictures overlap.
    assert result.accuracy("simulated", "offline").median < 0.2


def test_timings_that_do_not_suffice_make_no_prediction(study) -> None:
    timings = tuple(_timings("ddim", (10, 25, 50, 100), (1,), (FINISHING, TAU0, TAU1)))
    short = replace(study, profile=study.profile.model_copy(update={"timings": timings}))

    assert offline(short) is None
    result = validate(replace(short, runs=study.runs[:1]), replications=2)
    assert result.accuracy("simulated", "offline").runs == 0
    assert result.as_json()["accuracy"]["offline"]["simulated"]["held"] is None
