"""Studies as commands, on tiny models."""

import sys
from pathlib import Path

import pytest

from tests.worker.language.tiny import write_tiny
from worker.batching.clip_watch import SHIPPED_CLIP
from worker.study.__main__ import main
from worker.study.judging.studio import BEST

LEVELS = """
[[levels]]
name = "slow"
image = { sampler = "ddpm", steps = 6, guidance_scale = 3.0 }
story = { max_tokens = 32 }

[[levels]]
name = "same"
image = { sampler = "ddpm", steps = 6, guidance_scale = 3.0 }
story = { max_tokens = 32, page_sentences = 1 }

[[levels]]
name = "quick"
image = { sampler = "ddim", steps = 2, guidance_scale = 3.0 }
story = { max_tokens = 32 }
"""
GRID = ["--steps", "4", "2", "--batches", "1", "3", "--repeats", "2"]
TOLD = ["--stories", "2", "--story-batches", "1", "2"]


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, checkpoints: dict[str, Path]):
    """Run a command on tiny models, into a folder of the test's own; its exit status."""
    (tmp_path / "levels.toml").write_text(LEVELS)
    settings = {
        "IMAGE_MODEL": checkpoints["v_prediction"],
        "STORY_MODEL": write_tiny(tmp_path / "tiny"),
        "CLIP_MODEL": SHIPPED_CLIP,
        "DEVICE": "cpu",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"STORYTELLER_{name}", str(value))
    monkeypatch.setattr("worker.study.judging.judge.RESAMPLES", 5)
    monkeypatch.setitem(BEST, "steps", 3)

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["study", *arguments, "--out", str(tmp_path / "out")])
        return main()

    return run


@pytest.fixture
def measure(study, tmp_path: Path):
    """Run `profile` with the small grid; its exit status."""
    return lambda *more: study(
        "profile", "--levels", str(tmp_path / "levels.toml"), *GRID, *TOLD, *more
    )
