"""The levels that a profile measures: those of a file, or the policy's and a sensible list."""

import tomllib
from pathlib import Path

from pydantic import ValidationError

from services.contract.ladder import ImageLevel, Level, StoryLevel
from services.contract.policy import PolicyError, load
from worker.study.terms import Unusable

GUIDANCE = 3.0
BUILT_IN = (
    ("ddpm", 100, 320), ("ddpm", 50, 320), ("ddpm", 20, 320), ("ddim", 50, 320),
    ("ddim", 25, 256), ("ddim", 10, 256), ("ddim", 5, 192), ("ddim", 3, 192), ("ddim", 2, 192),
)  # fmt: skip
"""Sampler, steps, and the tokens of a story at that level: as many as at the like of it in the
shipped policy."""


def candidates(file: Path | None, policy: Path) -> tuple[Level, ...]:
    """The [[levels]] of `file`; without one those of `policy` and the built-in ones.

    A built-in level gives way to one of the policy with its name. Unusable says what is wrong.
    """
    if file is not None:
        return _read(file)
    try:
        named = load(policy).levels
    except PolicyError as error:
        raise Unusable(f"{error} Or name candidates with --levels.") from error
    taken = {level.name for level in named}
    return (*named, *(level for level in _built_in() if level.name not in taken))


def _built_in() -> list[Level]:
    return [
        Level(
            name=f"{sampler}-{steps}",
            image=ImageLevel(sampler=sampler, steps=steps, guidance_scale=GUIDANCE),
            story=StoryLevel(max_tokens=tokens),
        )
        for sampler, steps, tokens in BUILT_IN
    ]


def _read(file: Path) -> tuple[Level, ...]:
    try:
        given = tomllib.loads(file.read_text(encoding="utf-8")).get("levels", [])
        levels = tuple(Level.model_validate(each) for each in given)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise Unusable(f"--levels {file} cannot be read: {error}") from error
    if not levels:
        raise Unusable(f"--levels {file} has no [[levels]], which are written as in policy.toml")
    names = [level.name for level in levels]
    if len(set(names)) < len(names):
        raise Unusable(f"--levels {file}: two levels have the same name")
    return levels
