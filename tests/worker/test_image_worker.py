"""An image worker that could not draw what its ladder asks for does not start."""

import importlib.util
from pathlib import Path

import pytest

from services.contract.settings import load
from worker import image_worker

POLICY = """
[rules]
kind = "fixed"
level = "only"

[[levels]]
name = "only"
image = {{ sampler = "ddim", steps = 4, guidance_scale = 3.0, {option} }}
story = {{ max_tokens = 99 }}
"""


def start(tmp_path: Path, model: str, option: str = "eta = 0.0") -> int:
    """Start an image worker with this model, and a ladder of one level with this option."""
    policy = tmp_path / "policy.toml"
    policy.write_text(POLICY.format(option=option))
    named = {"POLICY": policy, "IMAGE_MODEL": model, "HOME": tmp_path}
    environ = {f"STORYTELLER_{name}": str(value) for name, value in named.items()}
    return image_worker.run(load({**environ, "STORYTELLER_DEVICE": "cpu"}))


def test_a_folder_without_a_checkpoint_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"model_index\.json"):
        start(tmp_path, str(tmp_path))


def test_a_level_by_clip_score_needs_a_clip_for_the_model(
    tmp_path: Path, checkpoints: dict[str, Path]
) -> None:
    option = 'early_exit = { by = "clip-score", threshold = 1.0 }'
    with pytest.raises(SystemExit, match="STORYTELLER_CLIP_MODEL"):
        start(tmp_path, str(checkpoints["epsilon"]), option)


def test_a_precision_that_the_device_cannot_do_is_named(
    tmp_path: Path, checkpoints: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        "importlib.util.find_spec",
        lambda name, *rest: None if name == "bitsandbytes" else find(name, *rest),
    )
    with pytest.raises(SystemExit, match="bitsandbytes"):
        start(tmp_path, str(checkpoints["epsilon"]), 'precision = "int8"')
