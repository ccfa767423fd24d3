"""What served pictures take: planted in a law and in closed loops, and told."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from evidence.report import study
from evidence.report.records import BadStudy
from evidence.report.sources import models, profile, served, validation
from evidence.served import Where
from tests.evidence.report import rendered, studies
from tests.evidence.report.served_loops import LAW, loops, response


def _mean_response(rate: float, level: str, cap: int) -> float:
    """Of Poisson arrivals to exponential work, by balance and Little's law: b pictures take
    response(level, b) each, at most `cap` at a time."""
    weights = [1.0]
    for number in range(1, 4000):
        together = min(number, cap)
        weights.append(weights[-1] * rate * response(level, together) / together)
    numbers = sum(number * weight for number, weight in enumerate(weights))
    return numbers / sum(weights) / rate


def test_models_go_by_what_served_pictures_take(tmp_path: Path) -> None:
    studies.profiled(tmp_path, scv=1.0)
    studies.validated(tmp_path, [studies.run("fixed:even", 0.6, 2.0, 2.0)], law=LAW)
    found = study.read(tmp_path)
    compared = models.compare(validation.read(found), profile.load(found))
    assert compared is not None
    (even,) = compared.cells
    alone = response("even", 1)
    assert even.predicted["M/M/k"] == pytest.approx(alone / (1 - 0.6 * alone))
    assert even.predicted["processor sharing"] == pytest.approx(_mean_response(0.6, "even", 4))


def test_a_level_that_was_not_served_goes_by_the_profile(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    law = LAW | {"levels": {"even": LAW["levels"]["even"]}}
    studies.validated(tmp_path, [studies.run("fixed:slow", 0.4, 4.0, 4.0)], law=law)
    found = study.read(tmp_path)
    compared = models.compare(validation.read(found), profile.load(found))
    assert compared is not None
    assert compared.cells[0].predicted["M/M/k"] == pytest.approx(2.0 / (1 - 0.8) + 0.25)


def test_a_law_of_an_older_form_is_named_with_what_to_do(tmp_path: Path) -> None:
    older = {name: studies.estimate(0.1) for name in ("apart", "finishing", "tau0", "tau1")}
    studies.validated(tmp_path, law=older | {"cap": 4})
    with pytest.raises(BadStudy, match="older form; make it again with python -m evidence valid"):
        validation.read(study.read(tmp_path))


def test_loops_lie_on_the_law_that_they_were_made_by(tmp_path: Path) -> None:
    """Those of one before, and those after that took a tenth longer."""
    loops(tmp_path, "calibration")
    loops(tmp_path, "recalibration", factor=1.1)
    law = served.law(LAW)
    shown = served.loops(study.read(tmp_path), law)
    assert shown is not None
    assert shown.again
    for level in law.levels:
        for where, factor in ((Where.CALIBRATION, 1.0), (Where.RECALIBRATION, 1.1)):
            first, second = shown.of(where, level.name)
            assert (first.others, second.others) == pytest.approx((0, 2))
            expected = factor * level.mean(0), factor * level.mean(2)
            assert (first.seconds, second.seconds) == pytest.approx(expected)
    assert tuple(shown.drift) == pytest.approx((1.1, 1.1, 1.1))


def test_a_study_without_loops_after_the_runs_has_those_before(tmp_path: Path) -> None:
    found = study.read(tmp_path)
    assert served.loops(found, served.law(LAW)) is None
    loops(tmp_path, "calibration")
    (tmp_path / "calibration" / "loops" / "even-2.jsonl").write_text("no record\n")
    shown = served.loops(found, served.law(LAW))
    assert shown is not None
    assert len(shown.each) == 2 * len(studies.LEVELS)
    assert not shown.again
    assert shown.drift is None
    assert served.loops(found, None) is None


def test_models_share_pictures_among_workers(tmp_path: Path) -> None:
    """More a second than four places of one worker serve, less than those of two."""
    studies.profiled(tmp_path)
    rate = 1.2 * 4 / response("few", 4)
    studies.validated(tmp_path, [studies.run("fixed:few", rate, 1.0, 1.0)], law=LAW)
    found = study.read(tmp_path)
    one, two = (
        models.compare(validation.read(found), profile.load(found), workers) for workers in (1, 2)
    )
    assert one is not None
    assert two is not None
    assert one.cells[0].predicted["processor sharing"] is None
    assert two.cells[0].predicted["processor sharing"] is not None


BEFORE = {"runs": 3, "median": 0.04321, "worst": 0.31, "held": False}
"""Errors of predictions by the loops before the runs alone"""


def _served(folder: Path, stages: Sequence[str]) -> tuple[str, str]:
    """Abstract and body, each on one line, of a study with loops of these stages."""
    studies.profiled(folder)
    studies.validated(folder, law=LAW)
    path = folder / "validation" / "validation.json"
    told = json.loads(path.read_text())
    if len(stages) > 1:
        told["accuracy"]["before"] = {"simulated": BEFORE, "closed_form": BEFORE}
    path.write_text(json.dumps(told))
    for stage in stages:
        loops(folder, stage)
    return rendered.abstract(folder), rendered.body(folder)


def test_levels_that_were_measured_in_company_have_their_crowding(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    before, _, _ = rendered.body(tmp_path).partition("{#tbl:crowding}")
    table = before[before.index("| level | alone, s | crowding") :]
    assert "| few | 0.1000 (0.0950 … 0.1050) | 0.43 |" in table
    assert "even" not in table


def test_what_a_served_picture_takes_is_told(tmp_path: Path) -> None:
    _, body = _served(tmp_path, ["calibration"])
    assert "| 10.70 (9.70 … 11.70) | a step |" in body
    assert "by least squares of relative errors over 12 means" in body
    alone, beside = response("few", 1), response("few", 4)
    crowding = (response("few", 2) - alone) / alone
    assert f"| few | {alone:.3g} | {crowding:.2g} | {beside:.3g} |" in body
    assert "figures/served" in body


def test_what_takes_loops_after_the_runs_is_called_no_forecast(tmp_path: Path) -> None:
    abstract, body = _served(tmp_path, ["calibration", "recalibration"])
    assert "**no forecast** made before the runs" in body
    assert "hollow after them" in body
    said = "As a forecast, by the loops before the runs alone, the simulation errs by 4.3 % in the"
    assert said in body
    assert "from before alone, as a forecast, the errors are 4.3 % and 31 %" in abstract
    assert "by what was measured before the runs alone, 4.3 % and 31 %" in body


def test_loops_before_the_runs_alone_are_a_forecast(tmp_path: Path) -> None:
    abstract, body = _served(tmp_path, ["calibration"])
    assert "forecast" not in abstract
    for said in ("no forecast", "hollow", "measured before the runs alone"):
        assert said not in body
