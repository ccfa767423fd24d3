"""Runs on a machine that changes its speed between them, each predicted by the loops near it."""

from dataclasses import replace

import numpy as np
import pytest

from evidence.served import Where
from evidence.validation import assumptions
from evidence.validation.bases import Bases
from evidence.validation.folder import load
from evidence.validation.nearby import NEAREST
from evidence.validation.relative_speed import Probes
from evidence.validation.result import validate
from evidence.validation.tables import tables
from tests.evidence.validation.studies import STEPS, Truth, begin, loops, picture_law, play

LAW = (0.03, 0.02, 0.013, 0.0045, 0.01)
RATIOS = (0.8, 1.0, 1.25)
"""How many times as long all work takes in each run, and in the loops on either side of it."""
BEGAN, APART, LASTED = 1.77e9, 1000.0, 200.0
RATE = 3.0
COMPANIES = (0, 1, 3, 6)


def _law(ratio):
    return picture_law(*(ratio * each for each in LAW))


def _beside(number, ratio):
    begun = BEGAN + APART * number
    return [
        each
        for at in (begun - 20, begun + LASTED + 20)
        for each in loops(_law(1.0), COMPANIES, ratio, at=at, where=Where.REFERENCE)
    ]


def _probes(ratio):
    """Twice a second, with a picture under way all the while."""
    at = np.arange(0, LASTED, 0.5)
    noise = np.random.default_rng(5).normal(1, 0.02, len(at))
    return Probes(at, 0.002 * ratio * noise, np.ones(len(at), int))


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    folder, runs = begin(tmp_path_factory.mktemp("drifting") / "study"), []
    for number, ratio in enumerate(RATIOS, 1):
        truth = Truth.of(_law(ratio))
        play(folder, "fixed:ddim-25", RATE, truth=truth, repeat=number, seconds=LASTED)
    found = load(folder)
    for number, (run, ratio) in enumerate(zip(found.runs, RATIOS, strict=True)):
        runs.append(replace(run, began=BEGAN + APART * number, probes=_probes(ratio)))
    beside = [each for number, ratio in enumerate(RATIOS) for each in _beside(number, ratio)]
    return replace(found, runs=tuple(runs), loops=tuple(beside), reference=_probes(1.0))


@pytest.fixture(scope="module")
def result(study):
    """Of it."""
    return validate(study, replications=10)


def test_each_run_is_predicted_by_the_law_that_held_then(study, result) -> None:
    for verdict, ratio in zip(result.verdicts, RATIOS, strict=True):
        assert verdict.law.observations == NEAREST
        expected = _law(ratio)
        for steps in STEPS.values():
            assert verdict.law.seconds(steps, 4) == pytest.approx(expected.seconds(steps, 4))
        assert abs(verdict.error("simulated")) < 0.06
        assert verdict.theory.utilisation == pytest.approx(
            result.verdicts[1].theory.utilisation * ratio, rel=1e-3
        )


def test_one_law_of_all_is_told_beside_it_and_is_off_by_the_drift(result) -> None:
    quick, _, slow = result.verdicts

    assert quick.error("simulated", "one_law") > 0.2
    assert slow.error("simulated", "one_law") < -0.2
    assert result.accuracy("simulated").worst < 0.06
    assert result.accuracy("simulated", "one_law").worst > 0.2


def test_a_forecast_has_no_loop_from_after_the_run_began(study, result) -> None:
    """The first run has but those just before it; the others have some of the run before, too."""
    bases = [Bases.of(study).of_run(run) for run in study.runs]

    earlier = [each.others["preceding"].law for each in bases]

    assert [each.observations for each in earlier] == [12, NEAREST, NEAREST]
    assert earlier[0].seconds(25, 1) == pytest.approx(_law(0.8).seconds(25, 1))
    for law, before, now in zip(earlier[1:], RATIOS[:-1], RATIOS[1:], strict=True):
        assert _law(before).seconds(25, 1) < law.seconds(25, 1) < _law(now).seconds(25, 1)
    assert result.accuracy("simulated", "preceding").runs == len(RATIOS)


def test_the_probe_corrects_the_one_law_and_not_that_of_the_run(result) -> None:
    """By both, the drift would count twice: a fifth off where it is more than that already. One law
    of relative errors is a little below the mean of the speeds."""
    for verdict in result.verdicts:
        assert abs(verdict.error("simulated", "at_speed")) < 0.1
        assert abs(verdict.error("simulated", "followed_speed")) < 0.1


def test_pictures_are_held_against_a_machine_that_kept_its_speed_beside_the_probe(result) -> None:
    quick, _, slow = result.verdicts

    assert slow.work / quick.work == pytest.approx(RATIOS[-1] / RATIOS[0], rel=0.03)
    for verdict in result.verdicts:
        for each in verdict.findings.services:
            assert each.ratio.value == pytest.approx(1.0, abs=0.02)


def test_a_run_of_which_the_time_is_not_known_is_predicted_by_one_law(study) -> None:
    slow = replace(study.runs[-1], began=None)

    (verdict,) = validate(replace(study, runs=(slow,)), replications=10).verdicts

    assert verdict.law.observations == len(study.loops)
    assert not {"one_law", "preceding"} & set(verdict.variants)
    assert assumptions.SPEED in assumptions.sentences(verdict.broken)


@pytest.mark.parametrize("dated", [None, "ddim-3"])
def test_loops_without_a_time_or_that_tell_too_little_leave_one_law(study, dated) -> None:
    """Of one level alone there is no law."""
    loops = (each if each.level == dated else replace(each, at=None) for each in study.loops)

    found = Bases.of(replace(study, loops=tuple(loops))).of_run(study.runs[0])

    assert not found.local
    assert "preceding" not in found.others
    assert found.chosen.law.observations == len(study.loops)


def test_loops_before_and_after_all_runs_alone_are_near_to_none(study) -> None:
    """Then the law is that of the calibrations, and so is its speed."""
    apart = (Where.CALIBRATION, Where.RECALIBRATION)
    far = [replace(each, where=apart[each.at > study.runs[1].began]) for each in study.loops]

    (*_, slow) = validate(replace(study, loops=tuple(far)), replications=10).verdicts

    assert slow.law.observations == len(far)
    assert assumptions.SPEED in assumptions.sentences(slow.broken)


def test_the_middle_of_a_run_is_known_before_it(study) -> None:
    run = study.runs[0]
    late = [replace(each, finished=each.finished + 500.0) for each in run.records]

    assert run.middle == pytest.approx(run.began + max(each.due for each in run.records) / 2)
    assert replace(run, records=tuple(late)).middle == run.middle


def test_the_probe_corrects_what_its_calibrations_say_and_not_the_loops_beside_runs(study) -> None:
    """All of the live part is slower than both calibrations: that is counted once."""
    ends = [
        each
        for at, where in ((-500.0, Where.CALIBRATION), (9000.0, Where.RECALIBRATION))
        for each in loops(_law(1.0), COMPANIES, 1.0, at=BEGAN + at, where=where)
    ]
    run = replace(study.runs[-1], began=BEGAN)
    beside = loops(_law(1.0), COMPANIES, RATIOS[-1], at=BEGAN - 20, where=Where.REFERENCE)
    slow = replace(study, runs=(run,), loops=(*ends, *beside, *beside))

    (verdict,) = validate(slow, replications=10).verdicts

    assert abs(verdict.error("simulated", "at_speed")) < 0.06
    assert verdict.error("simulated", "calibrated") < -0.15


def test_a_change_between_the_loops_on_either_side_is_named(study) -> None:
    """The run went on at the speed of those before it, which those after it have no more."""
    own = [each for each in study.loops if abs(each.at - study.runs[1].began) < APART / 2]
    slower = [
        replace(each, seconds=tuple(1.5 * one for one in each.seconds))
        if each.at > study.runs[1].began
        else each
        for each in own
    ]
    kept, changed = (
        validate(replace(study, runs=study.runs[1:2], loops=tuple(loops)), replications=10)
        for loops in (own, slower)
    )

    assert kept.verdicts[0].findings.change.value == pytest.approx(1.0)
    assert changed.verdicts[0].error("simulated") > 0.15
    assert assumptions.CHANGED in assumptions.sentences(changed.verdicts[0].broken)


def test_it_is_written(study, result) -> None:
    told = result.as_json()

    for each, ratio in zip(told["runs"], RATIOS, strict=True):
        assert each["law"]["loops"] == NEAREST
        fast = each["law"]["levels"]["ddim-3"]
        assert fast["seconds"] == pytest.approx(_law(ratio).seconds(3, 1))
        assert fast["crowding"] == pytest.approx(_law(ratio).crowding(3))
        assert "one_law" in each["other_errors"]
    assert told["law"]["observations"] == len(told["loops"]) == len(study.loops)
    first, last = told["loops"][0], told["loops"][-1]
    assert (first["at"], first["where"], first["level"]) == (BEGAN - 20, "reference", "ddpm-100")
    assert (first["steps"], first["company"]) == (100, 0)
    assert first["seconds"] == pytest.approx(_law(0.8).seconds(100, 1))
    assert last["ratio"] / first["ratio"] == pytest.approx(1.25 / 0.8)
    text = "\n".join(each.markdown() for each in tables(result))
    assert "by the loops that ended before the run began" in text


def test_loops_are_told_in_the_order_of_time_and_those_without_one_last(study) -> None:
    first, *others = study.loops
    mixed = replace(study, loops=(replace(first, at=None), *reversed(others)), runs=study.runs[:1])

    told = [each["at"] for each in validate(mixed, replications=2).as_json()["loops"]]

    assert told[-1] is None
    assert told[:-1] == sorted(told[:-1])


def test_without_a_law_a_run_has_none_and_loops_no_ratio(study) -> None:
    few = replace(study, loops=study.loops[:1], runs=study.runs[:1])

    told = validate(few, replications=2).as_json()

    assert told["law"] is None
    assert told["runs"][0]["law"] is None
    assert told["loops"][0]["ratio"] is None
