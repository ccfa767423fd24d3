"""A study's folder: what was run, on what, and which command made which records."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.report import records

DOCUMENTED = {
    "profile": ("python -m worker.study profile", "python -m worker.study quality"),
    "quantization": ("python -m worker.study quantization",),
    "early-exit": ("python -m worker.study early-exit",),
    "anova": ("python -m worker.study anova",),
    "original": ("python -m controller.queueing reproduce",),
    "frontier": ("python -m controller.queueing frontier",),
    "optimal": ("python -m controller.queueing optimal",),
    "live": ("python -m loadgen sweep",),
    "calibration": ("python -m loadgen sweep", "python -m loadgen run"),
    "recalibration": ("python -m loadgen run",),
    "strategies": ("python -m loadgen run",),
    "dispatch": ("python -m loadgen sweep",),
    "validation": ("python -m evidence validate",),
}
"""For each stage the commands that make its records."""


@dataclass(frozen=True)
class Stage:
    """One of a study's stages as it was run."""

    name: str
    commands: tuple[str, ...]
    seconds: float | None = None
    status: str = ""
    started: str = ""
    commit: str = ""
    load: float | None = None
    """Load average of the last minute before it."""

    @property
    def minutes(self) -> float | None:
        """That it took."""
        return None if self.seconds is None else self.seconds / 60


@dataclass(frozen=True)
class Study:
    """A folder of records, and study.json, if it has one."""

    folder: Path
    machine: Mapping[str, str]
    stages: Mapping[str, Stage]
    plan: Mapping[str, Any]

    @property
    def date(self) -> str:
        """Of the first stage, as far as that is known."""
        return min((each.started[:10] for each in self.stages.values() if each.started), default="")

    @property
    def workers(self) -> int:
        """That drew pictures in the live runs; one where the plan does not say."""
        return self._workers("live") or 1

    @property
    def aim(self) -> float | None:
        """The 95th percentile, seconds, that planned rules and the optimum kept to in the live
        runs; None where the plan has none."""
        return (self.plan.get("live") or {}).get("aim")

    @property
    def dispatch_workers(self) -> int:
        """Of the runs that compared dispatch rules; 0 where the plan does not say."""
        return self._workers("dispatch")

    def _workers(self, stage: str) -> int:
        return int((self.plan.get(stage) or {}).get("workers", 0))

    @property
    def hardware(self) -> str:
        """Processor, cores and GPU in a phrase."""
        known = self.machine.get("processor", "an unknown processor")
        cores = f", {self.machine['cores']} cores" if "cores" in self.machine else ""
        return f"{known}{cores}, {self.machine.get('gpu', 'no GPU')}"

    @property
    def commits(self) -> tuple[str, ...]:
        """Of the project, while it was measured."""
        return tuple(dict.fromkeys(each.commit for each in self.stages.values() if each.commit))

    def made_by(self, stage: str) -> tuple[str, ...]:
        """Each command of a stage up to its subcommand, once."""
        known = self.stages.get(stage)
        lines = known.commands if known and known.commands else DOCUMENTED[stage]
        return tuple(dict.fromkeys(map(short, lines)))


def read(folder: Path) -> Study:
    """Raises BadStudy where there is no folder, or study.json says nothing that can be read."""
    if not folder.is_dir():
        raise records.BadStudy(f"there is no study in {folder}: `make study` makes one")
    told = records.load(folder / "study.json") or {}
    try:
        return Study(folder, _machine(told), _stages(told), told.get("plan") or {})
    except (AttributeError, KeyError, TypeError) as error:
        raise records.BadStudy(f"{folder / 'study.json'} is not a study's: {error!r}") from error


def short(line: str) -> str:
    """`python -m MODULE SUBCOMMAND` of a command line; all of one that runs no module."""
    words = shlex.split(line)
    if "-m" not in words[:-1]:
        return line
    module, *rest = words[words.index("-m") + 1 :]
    return " ".join(["python -m", module, *(word for word in rest[:1] if not word.startswith("-"))])


def _machine(told: Mapping[str, Any]) -> dict[str, str]:
    return {name: _said(value) for name, value in (told.get("machine") or {}).items() if value}


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(each)}" for name, each in value.items() if each)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(_said, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _stages(told: Mapping[str, Any]) -> dict[str, Stage]:
    found = told.get("stages") or {}
    pairs = (
        found.items() if isinstance(found, Mapping) else ((each["name"], each) for each in found)
    )
    return {name: _stage(name, each) for name, each in pairs}


def _stage(name: str, told: Mapping[str, Any]) -> Stage:
    lines, when = told.get("commands") or [], told.get("conditions") or {}
    return Stage(
        name=name,
        commands=tuple(each if isinstance(each, str) else shlex.join(each) for each in lines),
        seconds=told.get("seconds"),
        status=str(told.get("status") or ""),
        started=str(when.get("started") or ""),
        commit=str(when.get("commit") or ""),
        load=next(iter(when.get("load_average") or ()), None),
    )
