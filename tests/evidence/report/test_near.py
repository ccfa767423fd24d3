"""Laws near single runs: what is said of them, and of studies that have none."""

import gzip
from pathlib import Path

import pytest

from evidence.report import study
from evidence.report.records import BadStudy
from evidence.report.sources import models, near, profile, served, validation
from evidence.served import Where
from tests.evidence.report import near_loops, studies
from tests.evidence.report.near_loops import AROUND, errors, law, loop
from tests.evidence.report.rendered import abstract, body
from tests.evidence.report.served_loops import LAW, loops, response
from tests.evidence.report.test_verdicts import verdicts

VARIANTS = {
    "preceding": errors(0.0712, 0.281),
    "before": errors(0.0934, 0.512),
    "one_law": errors(0.0834, 0.412),
}
ONE_LAW = {"loops": 12, "levels": LAW["levels"]}
"""As a run has it that is predicted by one law of all loops"""


def found(folder: Path, **other: object) -> near.Nearby | None:
    """The laws near the runs of a study."""
    near_loops.validated(folder, **other)
    told = validation.read(study.read(folder))
    assert told is not None
    return told.nearby


def test_the_laws_of_runs_are_read(tmp_path: Path) -> None:
    nearby = found(tmp_path)
    assert nearby is not None
    assert (nearby.every, nearby.counts, nearby.both_sides) == (True, "24", True)
    assert len(nearby.played.beside) == 4
    assert nearby.played.beside_levels == ("few",)
    seconds = response("even", 1)
    assert nearby.alone("even") == pytest.approx((0.9 * seconds, 1.3 * seconds))
    assert nearby.alone("gone") is None


@pytest.mark.parametrize("told", [None, ONE_LAW])
def test_one_law_of_all_loops_is_no_law_of_a_run(tmp_path: Path, told: object) -> None:
    assert found(tmp_path, laws=[told] * 4) is None
    said = body(tmp_path)
    assert "law near" not in said
    assert "weights as the predictions have them" not in said
    assert "4 short ones, of few, were run beside the live runs." in said


def test_a_run_without_a_law_of_its_own_is_counted_apart(tmp_path: Path) -> None:
    laws = [law(1.2, 21), law(0.9), None, ONE_LAW]
    nearby = found(tmp_path, laws=laws)
    assert nearby is not None
    assert (nearby.every, nearby.counts) == (False, "21 to 24")
    said = body(tmp_path)
    assert "2 runs are predicted by laws of closed loops that count" in said
    assert "the other 2 by one law of all loops" in said
    assert "2 runs of 4 therefore have a law of their own" in said
    assert "by the law near the run, where it has one (" in said
    assert "the law near each run, or of all loops where a run has none, (below) is 1" in said


def test_models_go_by_the_law_near_each_run(tmp_path: Path) -> None:
    """Two repeats, before which loops took 1.2 and 0.9 times as long."""
    studies.profiled(tmp_path)
    rate, factors = 0.3, (1.2, 0.9)
    runs = [
        studies.run("fixed:even", rate, 1.0, 1.0, repeat=i + 1) | {"law": law(each)}
        for i, each in enumerate(factors)
    ]
    studies.validated(tmp_path, runs, law=LAW, loops=list(AROUND))
    read = study.read(tmp_path)
    compared = models.compare(validation.read(read), profile.load(read))
    assert compared is not None
    alone = [factor * response("even", 1) for factor in factors]
    expected = sum(each / (1 - rate * each) for each in alone) / 2
    assert compared.cells[0].predicted["M/M/k"] == pytest.approx(expected)


def test_a_model_that_says_nothing_of_a_repeat_says_nothing(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    rate = 0.9 / response("even", 1)
    runs = [
        studies.run("fixed:even", rate, 1.0, 1.0, repeat=i + 1) | {"law": law(each)}
        for i, each in enumerate((1.0, 1.2))
    ]
    studies.validated(tmp_path, runs, law=LAW, loops=list(AROUND))
    read = study.read(tmp_path)
    compared = models.compare(validation.read(read), profile.load(read))
    assert compared is not None
    assert compared.silent("M/M/k") == 1


def test_what_was_measured_after_a_run_is_called_no_forecast(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    near_loops.validated(tmp_path, **VARIANTS)
    said = body(tmp_path)
    assert "fitted in the same way to the 24 loops nearest in time" in said
    assert "locally weighted regression (Cleveland 1979)" in said
    assert "**no forecast** made before the run" in said
    assert "stand on both sides of a run, so that this is no forecast" in said
    terms = (
        "before the run, the simulation errs by 7.1 % in the median and 28 % at worst, and the",
        "closed form errs by 7.8 % in the median and 31 % at worst.",
        "before the run began, as a forecast | 7.1 %, 28 % | 7.8 %, 31 % |",
        "before the runs alone, as a forecast | 9.3 %, 51 % |",
        "as if the machine kept its speed | 8.3 %, 41 % |",
    )
    assert [each for each in terms if each not in said] == []
    rows = said.partition("prediction on other terms")[2].partition("Median and largest")[0]
    assert rows.count(" % |") == 2 * len(VARIANTS)
    assert "before it alone, as a forecast, the errors are 7.1 % and 28 %." in abstract(tmp_path)
    assert verdicts(tmp_path)["simulated"].found.endswith(
        "; by what was measured before each run, 7.1 % and 28 %"
    )


def test_a_forecast_of_other_runs_says_of_how_many(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    near_loops.validated(tmp_path, preceding=errors(0.0712, 0.281, runs=2))
    said = body(tmp_path)
    assert "| 7.1 %, 28 % (2) | 7.8 %, 31 % (2) |" in said
    assert "28 % at worst over 2 runs, and the" in said
    assert "31 % at worst over 2 runs." in said
    assert "the errors are 7.1 % and 28 % over 2 runs." in abstract(tmp_path)
    assert verdicts(tmp_path)["simulated"].found.endswith("7.1 % and 28 % over 2 runs")


def test_loops_from_before_all_runs_alone_make_forecasts(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    near_loops.validated(tmp_path, loops=[loop(60.0 * i, "calibration", 1.0) for i in range(9)])
    said = body(tmp_path)
    assert "predictions by these laws are forecasts" in said
    for wrong in ("no forecast", "both sides", "beside the live runs", "other terms"):
        assert wrong not in said
    assert "both sides" not in abstract(tmp_path)


@pytest.mark.parametrize(("began", "forecast"), [(600.0, True), (400.0, False)])
def test_loops_beside_a_run_are_a_forecast_if_they_came_before_it(
    tmp_path: Path, began: float, forecast: bool
) -> None:
    studies.live(tmp_path)
    near_loops.began(tmp_path, "fixed_slow-1-1", began)
    nearby = found(tmp_path, loops=AROUND[:8])
    assert nearby is not None
    assert len(nearby.played.beside) == 4
    assert (nearby.forecast, nearby.both_sides) == (forecast, not forecast)
    assert ("no forecast" in body(tmp_path)) is not forecast


def test_laws_without_word_of_their_loops_claim_no_side(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    near_loops.validated(tmp_path, loops=[])
    said = body(tmp_path)
    assert "Cleveland" in said
    assert "forecast" not in said
    assert "both sides" not in said


def test_levels_that_loops_beside_the_runs_lack_are_a_limit(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    near_loops.validated(tmp_path)
    said = body(tmp_path)
    assert "4 short ones, of few, were run beside the live runs." in said
    assert "of few alone. What slow and even take near a run is derived" in said
    assert "is not in the law of the run." in said


def test_loops_beside_the_runs_without_a_level_are_counted_alone(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    near_loops.validated(tmp_path, loops=[loop(0.0, "reference", None, level=None)])
    assert "1 short one was run beside the live runs." in body(tmp_path)


def test_loops_beside_the_runs_are_shown_and_count_for_no_drift(tmp_path: Path) -> None:
    loops(tmp_path, "calibration")
    loops(tmp_path, "recalibration", factor=1.1)
    loops(tmp_path, "beside", factor=9.0)
    folder = tmp_path / "live" / "reference" / "before-fixed_even-4-1"
    folder.parent.mkdir(parents=True)
    (tmp_path / "beside" / "loops").rename(folder)
    shown = served.loops(study.read(tmp_path), served.law(LAW))
    assert shown is not None
    assert shown.parts == tuple(Where)
    first, second = shown.of(Where.REFERENCE, "even")
    assert (first.seconds, second.seconds) == pytest.approx(
        (9 * response("even", 1), 9 * response("even", 3))
    )
    assert tuple(shown.drift) == pytest.approx((1.1, 1.1, 1.1))


def test_a_loop_that_was_being_packed_counts_once(tmp_path: Path) -> None:
    loops(tmp_path, "calibration")
    (packed, *_) = (tmp_path / "calibration" / "loops").iterdir()
    packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
    shown = served.loops(study.read(tmp_path), served.law(LAW))
    assert shown is not None
    assert len(shown.each) == 2 * len(studies.LEVELS)


def test_a_loop_that_lacks_a_figure_is_refused(tmp_path: Path) -> None:
    near_loops.validated(tmp_path, loops=[{"at": 1.0}])
    with pytest.raises(BadStudy, match=r"validation\.json is no validation"):
        validation.read(study.read(tmp_path))
