"""The commands, from options to files."""

import csv
import json
import sys
from pathlib import Path

import pytest

from tests.worker.language.tiny import write_tiny
from worker.study.__main__ import main
from worker.study.judging.studio import BEST

pytestmark = pytest.mark.usefixtures("one_thread")

QUICK = ["--count", "4", "--group", "2", "--in-flight", "4"]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Run a command into a folder of the test's own; its exit status."""

    def run(*arguments: str) -> int:
        given = [*arguments, *(["--out", str(tmp_path)] if arguments else [])]
        monkeypatch.setattr(sys, "argv", ["study", *given])
        return main()

    monkeypatch.setattr("worker.study.judging.judge.RESAMPLES", 5)
    monkeypatch.setitem(BEST, "steps", 12)
    for name in ("IMAGE_MODEL", "CLIP_MODEL", "STORY_MODEL"):
        monkeypatch.delenv(f"STORYTELLER_{name}", raising=False)
    return run


def test_early_exit_leaves_a_table_and_its_records(
    study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rule = "relative-change:0.05"
    few = ["--steps", "12", "--minimum-steps", "4"]
    assert study("early-exit", *QUICK, *few, "--rule", rule, "--json") == 0
    said = capsys.readouterr().out.splitlines()
    result = json.loads((tmp_path / "early_exit.json").read_text())
    assert json.loads(said[-1]) == result
    figures = result["figures"]
    names = ["all steps", rule, f"fewer steps, as {rule}"]
    assert list(figures) == names
    assert figures["all steps"]["steps"] == 12
    assert 4 <= figures[rule]["steps"] == figures[names[2]]["steps"] < 12
    assert "clip_score_minus_fewer_steps" in figures[rule]
    with (tmp_path / "early_exit.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["setting"] for row in rows] == [name for name in names for _ in range(4)]
    taken = [int(row["steps"]) for row in rows if row["setting"] == rule]
    assert sum(taken) / 4 == figures[rule]["steps"]
    assert said[0].startswith("| setting |")
    assert (tmp_path / "early_exit.md").read_text().startswith(said[0])
    assert rule in (tmp_path / "early_exit.tex").read_text()


def test_quantization_compares_both_models_with_the_first_precision(
    study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STORYTELLER_STORY_MODEL", str(write_tiny(tmp_path / "tiny")))
    precisions = ["--precisions", "fp32", "nf4", "--story-precisions", "fp32", "bf16"]
    assert study("quantization", *QUICK, "--steps", "3", *precisions, "--story-tokens", "40") == 0
    figures = json.loads((tmp_path / "quantization.json").read_text())["figures"]
    pictures, stories = figures["denoiser"], figures["story_model"]
    assert pictures["nf4"]["unet_bytes"] < 0.5 * pictures["fp32"]["unet_bytes"]
    assert "clip_score_minus_first" not in pictures["fp32"]
    assert pictures["nf4"]["clip_score_minus_first"]["low"] is not None
    assert stories["tokens"] == 40
    rows = stories["precisions"]
    assert rows["bf16"]["network_bytes"] * 2 == pytest.approx(
        rows["fp32"]["network_bytes"], rel=0.1
    )
    assert rows["bf16"]["perplexity_over_first"]["value"] == pytest.approx(1, abs=0.05)
    assert rows["fp32"]["perplexity_over_first"]["value"] == 1


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["early-exit", "--rule", "luck:1"], "relative-change"),
        (["early-exit", "--rule", "clip-score:-1"], "above 0"),
        (["early-exit", "--minimum-steps", "1"], "--minimum-steps"),
        (["early-exit", "--count", "100000"], "--count"),
        (["early-exit", "--inception", "nowhere.pt"], "nowhere.pt"),
        (["early-exit", "--captions", "nowhere.txt"], "nowhere.txt"),
        (["early-exit", "--guidance-scale", "99"], "guidance_scale"),
        (["quantization", "--count", "1"], "--count"),
    ],
)
def test_what_cannot_be_studied_is_said(
    study, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert study(*arguments, *(["--story-tokens", "0"] if "quantization" in arguments else [])) == 2
    assert told in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_validation_is_the_evidences(study, capfd: pytest.CaptureFixture[str]) -> None:
    """In a process of its own, with the options that it was given."""
    assert study("validate", "--study", "nowhere") == 2
    assert "nowhere" in capfd.readouterr().err


def test_another_image_model_needs_a_clip_of_its_own(
    study, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STORYTELLER_IMAGE_MODEL", "some/model")
    assert study("early-exit", *QUICK) == 2
    assert "STORYTELLER_CLIP_MODEL" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["quantization", "early-exit", "profile"])
def test_help_names_every_option(study, command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        study(command, "--help")
    said = capsys.readouterr().out
    assert all(option in said for option in ("--out", "--count", "--json", "--steps", "--seed"))
