"""Which command made which records."""

from pathlib import Path

import pytest

from evidence.report import study
from evidence.report.records import BadStudy
from tests.evidence.report import studies


def test_commands_are_those_of_the_study(tmp_path: Path) -> None:
    lines = [
        "STORYTELLER_POLICY=a/policy.toml python -m worker.study profile --out a --count 24",
        "python -m worker.study quality --out a",
        "python -m worker.study quality --out b",
    ]
    conditions = {"started": "2026-01-02T03:04:05+00:00", "load_average": [0.75, 1, 1]}
    stage = {"name": "profile", "status": "done", "seconds": 90.0, "commands": lines}
    stage |= {"conditions": conditions}
    studies.write(tmp_path, "study.json", {"stages": [stage]})
    found = study.read(tmp_path)
    assert found.made_by("profile") == (
        "python -m worker.study profile",
        "python -m worker.study quality",
    )
    assert found.stages["profile"].minutes == pytest.approx(1.5)
    assert found.stages["profile"].load == 0.75
    assert found.date == "2026-01-02"


def test_without_a_journal_commands_are_the_documented_ones(tmp_path: Path) -> None:
    assert study.read(tmp_path).made_by("anova") == ("python -m worker.study anova",)


def test_the_machine_is_told_in_words(tmp_path: Path) -> None:
    machine = {"processor": "Z80", "cores": 2, "gpu": None, "libraries": {"torch": "2.13.0"}}
    studies.write(tmp_path, "study.json", {"machine": machine})
    found = study.read(tmp_path)
    assert found.machine["libraries"] == "torch 2.13.0"
    assert "gpu" not in found.machine
    assert found.hardware == "Z80, 2 cores, no GPU"


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadStudy, match="gone"):
        study.read(tmp_path / "gone")


def test_a_journal_that_is_none_is_named(tmp_path: Path) -> None:
    studies.write(tmp_path, "study.json", {"stages": ["profile"]})
    with pytest.raises(BadStudy, match=r"study\.json"):
        study.read(tmp_path)
