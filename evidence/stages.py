"""A study as data: its stages, and the command lines of each. Pure."""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from evidence.rates import Measured
from services.contract.profile import Profile

URL = "{url}"
"""In a command's arguments: where the stack of its session answers"""


@dataclass(frozen=True)
class Command:
    """What follows `python`, with `environment` beside the usual one.

    Rates and counts may be Measured: they become numbers once the study's profile is there.
    """

    arguments: tuple[str | Measured, ...]
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def needs_profile(self) -> bool:
        """Whether its rates or counts are multiples of what a profile says."""
        return any(not isinstance(each, str) for each in self.arguments)

    def filled(self, url: str, profile: Profile | None) -> tuple[str, ...]:
        """The arguments as they are run. Raises ProfileError."""
        return tuple(_filled(each, url, profile) for each in self.arguments)


def _filled(argument: str | Measured, url: str, profile: Profile | None) -> str:
    if isinstance(argument, str):
        return url if argument == URL else argument
    if profile is None:
        raise ValueError("rates and counts that depend on a profile need one")
    return argument.written(profile)


@dataclass(frozen=True)
class Terms:
    """Of a stack: settings by name, and how many processes of each kind (one where not named)."""

    settings: Mapping[str, str]
    formation: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Session:
    """Commands that run one after the other, beside one stack or none."""

    commands: tuple[Command, ...]
    stack: Terms | None = None
    folder: str = "."
    """In the stage's; made before, and where the stack's log goes"""


@dataclass(frozen=True)
class Stage:
    """A part of a study, kept in the folder of its name.

    It runs once all of `needs` are done. `derived`: from other stages' records alone, so that it is
    done anew when one of them is. `minutes` is what it is expected to take.
    """

    name: str
    sessions: tuple[Session, ...]
    needs: tuple[str, ...] = ()
    minutes: float = 0.0
    derived: bool = False


class NotReached(ValueError):
    """Stages were asked for that need others, or that there are not."""


def chosen(stages: Sequence[Stage], only: Sequence[str], done: set[str]) -> list[Stage]:
    """The stages that `only` names, in their order; all where it names none.

    Raises NotReached for an unknown one, and for one that needs a stage neither done nor named.
    """
    names = [stage.name for stage in stages]
    if unknown := [name for name in only if name not in names]:
        raise NotReached(f"no stage {', '.join(unknown)}: there are {', '.join(names)}")
    found = [stage for stage in stages if not only or stage.name in only]
    reached = done | {stage.name for stage in found}
    for stage in found:
        if lacking := [name for name in stage.needs if name not in reached]:
            raise NotReached(
                f"{stage.name} needs {', '.join(lacking)}, not done yet: name them in --only too"
            )
    return found


def options(**given: object) -> tuple[str, ...]:
    """`--name value` of each."""
    pairs = ((f"--{name.replace('_', '-')}", str(value)) for name, value in given.items())
    return tuple(part for pair in pairs for part in pair)


def shown(arguments: Sequence[str], environment: Mapping[str, str]) -> str:
    """A command as one would type it in the project's folder."""
    return " ".join((*_assigned(environment), "python", shlex.join(arguments)))


def _assigned(environment: Mapping[str, str]) -> Iterator[str]:
    return (f"{name}={shlex.quote(value)}" for name, value in environment.items())
