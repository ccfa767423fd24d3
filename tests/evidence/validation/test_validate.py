"""The whole of it, on studies whose law is known."""

import argparse
import json
from dataclasses import replace

import pytest

from evidence.validation import assumptions, command
from evidence.validation.folder import load
from evidence.validation.result import validate
from evidence.validation.study import BadStudy
from evidence.validation.variants import VARIANTS
from tests.evidence.validation.studies import OVERHEAD, SECONDS, Truth, begin, calibrate, play

QUICK = 8
PLAYED = (
    ("fixed:ddim-25", 2.0),
    ("fixed:ddim-3", 8.0),
    ("threshold:4,12", 4.0),
    ("planned:5", 4.0),
)
HONEST = Truth(overhead=OVERHEAD)


def made(folder, truth=HONEST, played=PLAYED):
    """A study played by this truth, calibrated."""
    begin(folder)
    calibrate(folder, truth=HONEST)
    for notation, rate in played:
        play(folder, notation, rate, truth=truth)
    return folder


@pytest.fixture(scope="module")
def honest(tmp_path_factory):
    """A stack that does what the models assume."""
    return made(tmp_path_factory.mktemp("honest") / "study")


@pytest.fixture(scope="module")
def result(honest):
    """Of it."""
    return validate(load(honest), replications=QUICK)


def test_a_stack_that_does_what_is_assumed_is_predicted(result):
    found = result.accuracy("simulated")

    assert found.runs == len(PLAYED)
    assert found.held
    assert found.worst < 0.1
    for verdict in result.verdicts:
        measured, said = verdict.measured, verdict.said.simulated
        assert said.effective_quality.value == pytest.approx(
            measured.effective_quality.value, abs=0.3
        )
        assert said.mean_number.value == pytest.approx(measured.mean_number.value, rel=0.1)
        if not verdict.run.policy.notation.startswith("planned"):
            assert verdict.findings.obeyed.apart < 0.2


def test_formulas_hold_but_for_what_runs_of_this_length_stray(result):
    for verdict in result.verdicts:
        others, formula = verdict.said.afresh.mean_response, verdict.said.closed_form.mean_response
        assert others.low * 0.85 < formula < others.high * 1.15


def test_without_the_calibration_fast_pictures_are_predicted_too_fast(result):
    fast = next(each for each in result.verdicts if each.run.policy.notation == "fixed:ddim-3")

    assert abs(fast.error("simulated")) < 0.05
    assert fast.error("simulated", "uncalibrated") < -0.3
    assert result.accuracy("simulated", "uncalibrated").worst > result.accuracy("simulated").worst


def test_pictures_that_are_slower_than_the_profile_are_named(tmp_path):
    slower = Truth(seconds={name: 1.4 * s for name, s in SECONDS.items()}, overhead=OVERHEAD)
    played = (("fixed:ddim-25", 3.0),)

    (verdict,) = validate(load(made(tmp_path / "study", slower, played)), replications=2).verdicts

    assert verdict.error("simulated") < -0.25
    assert assumptions.WORK.format(level="ddim-25") in assumptions.sentences(verdict.broken)


def test_planned_rules_are_not_held_to_thresholds_that_nobody_knows(result):
    found = {each.run.policy.notation: each.findings for each in result.verdicts}

    assert found["planned:5"].obeyed is None
    assert found["planned:5"].planned_for == 4.0
    assert found["threshold:4,12"].planned_for is None


def test_a_stack_that_does_what_is_assumed_has_nothing_against_its_service(result):
    seen = [each for verdict in result.verdicts for each in verdict.findings.services]

    assert len(seen) >= len(PLAYED)
    assert not any(
        each.differs or each.doubted or each.beyond_the_law or each.dependent for each in seen
    )


def test_refusals_are_named(tmp_path):
    small = replace(HONEST, capacity=4)
    played = (("fixed:ddim-25", 6.0),)

    (verdict,) = validate(load(made(tmp_path / "study", small, played)), replications=2).verdicts

    assert assumptions.REFUSED in assumptions.sentences(verdict.broken)


def test_an_overloaded_level_has_no_formula_and_does_not_count(tmp_path):
    played = (("fixed:ddpm-100", 4.0), ("fixed:ddim-25", 2.0))

    found = validate(load(made(tmp_path / "study", played=played)), replications=2)
    told = {each["policy"]: each for each in found.as_json()["runs"]}

    assert found.accuracy("simulated").runs == 1
    assert told["fixed:ddpm-100"]["closed_form"] is None
    assert not told["fixed:ddpm-100"]["steady"]
    assert "no steady state" in told["fixed:ddpm-100"]["closed_form_refused"]
    assert told["fixed:ddpm-100"]["errors"]["closed_form"] is None


def test_without_a_calibration_that_is_said(tmp_path):
    folder = begin(tmp_path / "study")
    play(folder, "fixed:ddim-25", 2.0)

    told = validate(load(folder), replications=2).as_json()

    assert told["calibration"] == []
    assert any("taken to be 0 at ddpm-100, ddim-25, ddim-3" in note for note in told["notes"])


def asked(*arguments):
    """As a command line has it."""
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    return parser.parse_args(["validate", *map(str, arguments)])


def test_the_command_writes_json_tables_and_plots(honest, tmp_path, capsys):
    options = asked(honest, "--out", tmp_path, "--replications", "2")

    found = command.run(options)

    assert set(found["wrote"]) == {path.name for path in tmp_path.iterdir()}
    assert (found["runs"], found["loops"]) == (len(PLAYED), 0)
    told = json.loads((tmp_path / "validation.json").read_text())
    assert [run["policy"] for run in told["runs"]] == sorted(name for name, _ in PLAYED)
    assert set(told["accuracy"]) == {"simulated", "closed_form", "asked", *VARIANTS}
    assert told["slo"] == {"seconds": 5.0, "percentile": 95.0}
    for name in ("mean_response", "p95_response", "mean_number", "effective_quality"):
        assert {"value", "low", "high"} == set(told["runs"][0]["measured"][name])
        assert isinstance(told["runs"][0]["closed_form"][name], float)
    tables = (tmp_path / "validation.tex").read_text()
    assert r"\toprule" in tables
    assert tables.isascii()  # whatever is not, pdflatex may not know
    assert "fixed:ddim-25 at 2/s" in (tmp_path / "validation.md").read_text()
    for name in ("predicted-measured", "response-rate", "quality-rate"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert "<svg" in (tmp_path / f"{name}.svg").read_text()
    assert "| run |" in capsys.readouterr().out


def test_the_same_records_give_the_same_result(honest):
    study = load(honest)
    short = replace(study, runs=study.runs[:2])

    one, two = (validate(short, replications=2).as_json() for _ in range(2))

    assert one == two


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ((), "name one study"),
        (("a", "--study", "b"), "name one study"),
        (("a", "--replications", "1"), "two or more"),
        (("a", "--slo", "0"), "more than 0"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, why):
    with pytest.raises(BadStudy, match=why):
        command.run(asked(*arguments))
