"""policy.toml: the ladder of levels, and the rules that pick among them."""

import tomllib
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.contract.jobs import Queue
from services.contract.ladder import Level, Strict
from services.contract.rules import PREDICTING, PolicyRules, check
from services.contract.settings import Settings, SettingsError

USUAL_FALLBACK = "balanced"
WRITTEN: dict[str | int, str] = {
    "rules": "[rules] with thresholds = [4, 12]",
    "levels": "[[levels]] with name, image and story",
    "name": 'name = "fast"',
    "image": 'image = { sampler = "ddim", steps = 25, guidance_scale = 3.0 }',
    "story": "story = { max_tokens = 256 }",
}
"""What a policy must have, as an example."""


class PolicyError(ValueError):
    """policy.toml cannot be read, or what it says is not a policy."""


class Policy(Strict):
    """The ladder, best level first, and the rules that pick from it for each queue."""

    rules: PolicyRules
    queues: dict[Queue, PolicyRules] = Field({}, description="Rules of one queue, if others.")
    profile: Path | None = Field(
        None, description="profile.json, for rules that predict; relative to the policy's file."
    )
    levels: tuple[Level, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [level.name for level in self.levels]
        if len(set(names)) < len(names) or "auto" in names:
            raise ValueError("level names must differ from each other and from 'auto'")
        for rules in (self.rules, *self.queues.values()):
            check(rules, self.names)
            if rules.kind in PREDICTING and self.profile is None:
                raise ValueError(f"rules of the kind {rules.kind} need a profile")
        return self

    def rules_of(self, queue: Queue) -> PolicyRules:
        """The rules for a queue."""
        return self.queues.get(queue, self.rules)

    def of(self, queue: Queue) -> "Policy":
        """The same ladder under the rules of one queue."""
        return self.model_copy(update={"rules": self.rules_of(queue), "queues": {}})

    @property
    def names(self) -> tuple[str, ...]:
        """The levels' names, best first."""
        return tuple(level.name for level in self.levels)

    def index(self, name: str) -> int:
        """Position of a level by name. Raises PolicyError for an unknown one."""
        if name not in self.names:
            raise PolicyError(f"no level {name!r}: the levels are {', '.join(self.names)}")
        return self.names.index(name)


def load(path: Path) -> Policy:
    """The policy in a TOML file; its profile's path is absolute.

    Raises PolicyError saying what is wrong and where.
    """
    try:
        found = Policy.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise PolicyError(
            f"cannot read the policy {path}: {error}. Set STORYTELLER_POLICY to a policy file."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{path} is not a policy: {error}") from error
    except ValidationError as error:
        wrong = "\n".join(f"  {line}" for line in _complaints(error))
        raise PolicyError(f"{path} is not a policy:\n{wrong}") from error
    profile = found.profile and (path.parent / found.profile).absolute()
    return found.model_copy(update={"profile": profile})


def _complaints(error: ValidationError) -> list[str]:
    """A line for each thing that is wrong, and where; of what is missing, how it is written."""
    found = error.errors(include_url=False, include_input=False)
    inner = {each["loc"][:end] for each in found for end in range(len(each["loc"]))}
    return [
        _complaint(each["loc"], each["msg"], missing=each["type"] == "missing")
        for each in found
        # Levels that are wrong do not count, but there they are.
        if each["type"] != "too_short" or each["loc"] not in inner
    ]


def _complaint(loc: tuple[str | int, ...], message: str, *, missing: bool) -> str:
    said = message.removeprefix("Value error, ")
    written = WRITTEN.get(loc[-1]) if missing else None
    hint = f", such as {written}" if written else ""
    where = ".".join(map(str, loc))
    return f"{where}: {said[0].lower()}{said[1:]}{hint}" if where else said


def chosen(settings: Settings) -> Policy:
    """The policy that the settings name. Raises PolicyError, or SettingsError for the fallback."""
    found = load(settings.policy)
    if fallback(found, settings) not in found.names:
        raise SettingsError(
            f"STORYTELLER_FALLBACK_LEVEL={settings.fallback_level!r} is not allowed: it must be "
            f"one of {', '.join(found.names)}, the levels of {settings.policy}, or empty."
        )
    return found


def fallback(policy: Policy, settings: Settings) -> str:
    """The level while no controller holds the lease: the one that is set, else USUAL_FALLBACK, else
    the middle of the ladder, of two middle ones the cheaper."""
    if settings.fallback_level:
        return settings.fallback_level
    names = policy.names
    return USUAL_FALLBACK if USUAL_FALLBACK in names else names[len(names) // 2]


class PolicyState(BaseModel):
    """The level in force. Times are seconds since the epoch, by the clock of Redis."""

    model_config = ConfigDict(frozen=True)

    epoch: int
    version: int
    index: int
    level: Level
    reason: str
    since: float
    lease_until: float
