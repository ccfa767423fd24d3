"""Which levels are measured."""

from pathlib import Path

import pytest

from worker.study.profiling.candidates import candidates
from worker.study.terms import Unusable

POLICY = Path(__file__).parents[4] / "policy.toml"
LEVEL = """
[[levels]]
name = "{name}"
image = {{ sampler = "euler", steps = 7, guidance_scale = 2.0 }}
story = {{ max_tokens = 64 }}
"""
FIXED = '[rules]\nkind = "fixed"\nlevel = "ddim-10"\n'


def test_the_policys_levels_come_first_and_then_the_built_in_ones() -> None:
    names = [level.name for level in candidates(None, POLICY)]
    assert names[:3] == ["quality", "balanced", "fast"]
    assert names[3:] == [
        "ddpm-100", "ddpm-50", "ddpm-20",
        "ddim-50", "ddim-25", "ddim-10", "ddim-5", "ddim-3", "ddim-2",
    ]  # fmt: skip


def test_a_built_in_level_gives_way_to_the_policys_of_its_name(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text(FIXED + LEVEL.format(name="ddim-10"))
    found = [level for level in candidates(None, policy) if level.name == "ddim-10"]
    assert [level.image.sampler for level in found] == ["euler"]


def test_a_file_has_the_only_levels(tmp_path: Path) -> None:
    file = tmp_path / "levels.toml"
    file.write_text(LEVEL.format(name="swift"))
    [level] = candidates(file, POLICY)
    assert (level.name, level.image.steps, level.story.max_tokens) == ("swift", 7, 64)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "cannot be read"),
        ("levels = 1 =", "cannot be read"),
        (LEVEL.format(name="Not A Name"), "name"),
        ("", "policy.toml"),
        (2 * LEVEL.format(name="one"), "same name"),
    ],
)
def test_a_file_without_levels_is_refused(tmp_path: Path, text: str | None, why: str) -> None:
    file = tmp_path / "levels.toml"
    if text is not None:
        file.write_text(text)
    with pytest.raises(Unusable, match=why):
        candidates(file, POLICY)


def test_without_a_policy_candidates_are_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="--levels"):
        candidates(None, tmp_path / "nowhere.toml")
