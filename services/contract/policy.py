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
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PolicyError(f"{path} is not a policy: {error}") from error
    profile = found.profile and (path.parent / found.profile).absolute()
    return found.model_copy(update={"profile": profile})


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
