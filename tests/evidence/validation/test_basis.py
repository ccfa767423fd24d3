"""Predictions by the law of closed loops, on a stack that is one processor-sharing station."""

from dataclasses import replace

import numpy as np
import pytest

from evidence.validation.basis import Basis, best, plain
from evidence.validation.folder import load
from evidence.validation.measured import jobs
from evidence.validation.result import validate
from tests.evidence.validation.studies import (
    Truth,
    begin,
    loops,
    picture_law,
    play,
    profile,
)

FINISHING, TAU0, TAU1 = 0.04, 0.013, 0.0045
LAW = picture_law(0.03, 0.02, TAU0, TAU1, 0.01)
"""As was found of ddim-3 on two quiet cores: alone it takes 0.1 s, each other adds a third."""
PLAYED = [("fixed:ddim-25", 4.0), ("fixed:ddim-3", 10.5), ("threshold:4,12", 8.0)]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder = begin(tmp_path_factory.mktemp("served") / "study")
    for notation, rate in PLAYED:
        play(folder, notation, rate, truth=Truth.of(LAW), seconds=240.0)
    return replace(load(folder), loops=loops(LAW))


@pytest.fixture(scope="module")
def result(study):
    """Of it."""
    return validate(study, replications=20)


def _fastest(result):
    return next(each for each in result.verdicts if each.run.policy.notation == "fixed:ddim-3")


def test_the_law_of_closed_loops_predicts_where_the_profile_does_not(result) -> None:
    assert result.accuracy("simulated").worst < 0.1
    assert result.accuracy("closed_form").worst < 0.25
    assert result.accuracy("simulated", "uncalibrated").worst > 0.25


def test_what_is_predicted_is_within_its_interval(result) -> None:
    """A run of the station itself, on the schedule that the prediction has."""
    for verdict in result.verdicts:
        said = verdict.said.simulated.mean_response
        assert said.low <= verdict.measured.mean_response.value <= said.high


def test_one_slowdown_for_all_levels_is_off_where_a_picture_is_mostly_not_steps(study) -> None:
    """At a third of what the worker can do, company slows the fastest level by more than steps."""
    own = best(study)
    costs = {
        rung.level.name: rung.costs["images"].model_copy(update={"crowding": None})
        for rung in own.study.profile.rungs
    }
    rungs = tuple(
        rung.model_copy(update={"costs": {"images": costs[rung.level.name]}})
        for rung in own.study.profile.rungs
    )
    shared = Basis(
        replace(own.study, profile=own.study.profile.model_copy(update={"rungs": rungs}))
    )

    run = next(each for each in study.runs if each.policy.notation == "fixed:ddim-3")
    measured = np.mean([each.finished - each.due for each in run.ordered])
    errors = {
        name: basis.formula(run).mean_response / measured - 1
        for name, basis in {"own": own, "shared": shared}.items()
    }

    assert abs(errors["own"]) < 0.05
    assert errors["shared"] < -0.08


def test_work_in_the_worker_begins_where_records_say(study) -> None:
    basis, run = best(study), study.runs[0]
    found = jobs(run, study.names)

    assert basis.served(found).started - found.started == pytest.approx(0.01)
    assert basis.later(found).finished == pytest.approx(found.finished)


def test_the_law_is_told(result) -> None:
    found = result.as_json()["law"]

    assert found["phi0"]["value"] == pytest.approx(0.03, rel=1e-3)
    assert found["before"]["value"] == pytest.approx(0.01)
    assert (found["cap"], found["observations"]) == (8, 9)
    assert found["levels"]["ddim-3"]["seconds"] == pytest.approx(LAW.seconds(3, 1))
    assert found["levels"]["ddim-3"]["crowding"] == pytest.approx(LAW.crowding(3))


def test_without_loops_the_profile_it_is(study) -> None:
    without = replace(study, loops=())

    assert best(without) == plain(without)
    assert best(without).study.profile == profile()


def test_data_of_the_law_itself_have_nothing_against_its_service(result) -> None:
    found = [each for verdict in result.verdicts for each in verdict.findings.services]

    assert {each.level for each in found} >= {"ddim-25", "ddim-3"}
    assert not any(each.differs or each.doubted or each.dependent for each in found)
    assert not any(each.beyond_the_law for each in found)


def test_loops_that_tell_too_little_leave_the_profile_and_say_so(study) -> None:
    few = replace(study, loops=study.loops[:1], runs=study.runs[:1])

    result = validate(few, replications=2)

    assert result.law is None
    assert best(few).study.profile == few.profile
    assert any("loops was skipped" in note for note in result.notes)
    assert "by the profile" in result.as_json()["skipped"]["loops"]
