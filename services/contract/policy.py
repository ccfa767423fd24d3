"""policy.toml: the ladder of levels, and the rules that pick among them."""

import tomllib
from itertools import pairwise
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from services.contract.ladder import Level, Strict
from services.contract.settings import Settings, SettingsError


class PolicyError(ValueError):
    """policy.toml cannot be read, or what it says is not a policy."""


class PolicyRules(Strict):
    """When the level changes.

    `thresholds[i]` is the depth at which level i is left for the next, cheaper one. It is
    entered again at or below `thresholds[i] - hysteresis`, and no sooner than `dwell_seconds`
    after the last change.
    """

    kind: Literal["threshold", "fixed"] = "threshold"
    level: str | None = Field(None, description="The level of a fixed policy.")
    thresholds: tuple[int, ...] = ()
    hysteresis: int = Field(1, ge=1)
    dwell_seconds: float = Field(2.0, ge=0)


class Policy(Strict):
    """The ladder, best level first, and the rules that pick from it."""

    rules: PolicyRules
    levels: tuple[Level, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        names = [level.name for level in self.levels]
        if len(set(names)) < len(names) or "auto" in names:
            raise ValueError("level names must differ from each other and from 'auto'")
        if self.rules.kind == "fixed" and self.rules.level not in names:
            raise ValueError(f"rules.level must be one of {', '.join(names)}")
        if self.rules.kind == "threshold":
            self._check_thresholds()
        return self

    def _check_thresholds(self) -> None:
        thresholds = self.rules.thresholds
        if len(thresholds) != len(self.levels) - 1:
            raise ValueError(f"rules.thresholds must hold {len(self.levels) - 1} depths")
        if any(later <= earlier for earlier, later in pairwise((0, *thresholds))):
            raise ValueError("rules.thresholds must be positive and increase")
        if thresholds and self.rules.hysteresis > thresholds[0]:
            raise ValueError("rules.hysteresis above the first threshold would never climb back")

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
    """The policy in a TOML file. Raises PolicyError saying what is wrong and where."""
    try:
        return Policy.model_validate(tomllib.loads(path.read_text()))
    except OSError as error:
        raise PolicyError(
            f"cannot read the policy {path}: {error}. Set STORYTELLER_POLICY to a policy file."
        ) from error
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise PolicyError(f"{path} is not a policy: {error}") from error


def chosen(settings: Settings) -> Policy:
    """The policy that the settings name. Raises PolicyError, or SettingsError for the fallback."""
    found = load(settings.policy)
    if settings.fallback_level not in found.names:
        raise SettingsError(
            f"STORYTELLER_FALLBACK_LEVEL={settings.fallback_level!r} is not allowed: it must be "
            f"one of {', '.join(found.names)}, the levels of {settings.policy}."
        )
    return found


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
