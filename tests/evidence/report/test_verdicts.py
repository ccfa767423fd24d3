"""Verdicts are chosen by the numbers."""

from pathlib import Path

import pytest

from evidence.report import contents, study
from evidence.report.verdicts import Verdict
from tests.evidence.report import studies


def verdicts(folder: Path) -> dict[str, Verdict]:
    """By name."""
    return {each.name: each for each in contents.parts(study.read(folder))["verdicts"]}


def test_every_part_has_its_answer(tmp_path: Path) -> None:
    found = verdicts(studies.whole(tmp_path))
    said = {name: each.verdict for name, each in found.items()}
    assert said == {
        "simulated": "held",
        "closed-form": "held",
        "captured": "held",
        "capacity": "held",
        "margins": "not held",
        "arrivals": "answered",
        "models": "answered",
        "anova": "answered",
        "levels": "answered",
        "quantization": "held",
        "early-exit": "held",
        "exit-or-fewer": "not held",
        "optimum": "answered",
        "strategies": "answered",
        "dispatch": "answered",
        "original": "not held",
    }


def test_what_was_not_measured_has_no_verdict(tmp_path: Path) -> None:
    assert verdicts(tmp_path) == {}


@pytest.mark.parametrize(
    ("simulated", "verdict"), [(2.1, "held"), (1.2, "not held"), (2.9, "not held")]
)
def test_a_gain_is_captured_within_the_bound(
    tmp_path: Path, simulated: float, verdict: str
) -> None:
    runs = [
        studies.run("fixed:slow", 0.4, 4.0, 4.0),
        studies.run("fixed:even", 0.4, 2.0, simulated),
    ]
    studies.validated(tmp_path, runs)
    assert verdicts(tmp_path)["captured"].verdict == verdict


def test_a_level_that_is_cheaper_and_slower_captures_nothing(tmp_path: Path) -> None:
    runs = [studies.run("fixed:slow", 0.4, 2.0, 2.0), studies.run("fixed:even", 0.4, 4.0, 4.0)]
    studies.validated(tmp_path, runs)
    assert verdicts(tmp_path)["captured"].verdict == "not held"


def test_the_same_schedule_is_tested_once(tmp_path: Path) -> None:
    rejected = {"arrivals": {"gaps_scv": None, "autocorrelation": None, "ks_p": 0.01}}
    runs = [studies.run(each, 0.4, 4.0, 4.0, **rejected) for each in ("fixed:slow", "fixed:even")]
    studies.validated(tmp_path, runs)
    assert "in 1 of 1 schedule" in verdicts(tmp_path)["arrivals"].found
