"""study.json: what a study was to be, on what it ran, and what became of each stage."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from evidence.plan import differences
from evidence.stages import Stage

Status = Literal["done", "failed", "interrupted"]


class OtherPlan(ValueError):
    """The folder holds a study of another plan or machine, or something that is no study."""


@dataclass(frozen=True)
class Entry:
    """One stage as it was run; `commands` as one would type them in the project's folder.

    `seconds` are those of all attempts since it was last done, the rest is of the last one.
    `records`: whether it left a folder of its name.
    """

    name: str
    status: Status
    seconds: float
    minutes_expected: float
    finished: str
    commands: tuple[str, ...] = ()
    conditions: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    records: bool = True


@dataclass
class Journal:
    """The study in `folder`, saved after every change."""

    folder: Path
    plan: Mapping[str, Any]
    machine: Mapping[str, Any]
    entries: dict[str, Entry] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Note what became of a stage, in place of what was known of it."""
        self.entries[entry.name] = entry
        self.save()

    def save(self) -> None:
        """Write study.json, whole or not at all."""
        told = {"plan": self.plan, "machine": self.machine}
        stages = [asdict(entry) for entry in self.entries.values()]
        part = self.folder / "study.json.part"
        part.write_text(json.dumps(told | {"stages": stages}, indent=1, ensure_ascii=False) + "\n")
        part.replace(self.folder / "study.json")

    def spent(self, stage: Stage) -> float:
        """Seconds of earlier attempts at a stage, which its next one goes on from."""
        entry = self.entries.get(stage.name)
        return entry.seconds if entry is not None and entry.status != "done" else 0.0

    def done(self, stage: Stage) -> bool:
        """Whether a stage need not be run: it was, its records are there, and none of those that
        it is derived from is newer."""
        entry = self.entries.get(stage.name)
        if entry is None or entry.status != "done":
            return False
        if entry.records and not (self.folder / stage.name).is_dir():
            return False
        before = [self.entries[name].finished for name in stage.needs if name in self.entries]
        return not stage.derived or all(each <= entry.finished for each in before)


def opened(folder: Path, plan: Mapping[str, Any], machine: Mapping[str, Any]) -> Journal:
    """A new study in `folder`, or the one there if it is of the same plan. Raises OtherPlan."""
    file = folder / "study.json"
    if not file.exists():
        if folder.exists() and any(folder.iterdir()):
            raise OtherPlan(f"{folder} holds something, but no study: choose another --out")
        return Journal(folder, plan, machine)
    before = _read(folder)
    other = differences(before.plan, plan)
    other += differences(_same(before.machine), _same(machine))
    if other:
        told = "; ".join(other)
        raise OtherPlan(f"{folder} holds another study ({told}): choose another --out")
    return before


def _same(machine: Mapping[str, Any]) -> dict[str, Any]:
    """What must not differ between two stages of one study."""
    return {name: machine.get(name) for name in ("processor", "cores", "gpu", "settings")}


def _read(folder: Path) -> Journal:
    file = folder / "study.json"
    try:
        told = json.loads(file.read_text())
        entries = [Entry(**each | {"commands": tuple(each["commands"])}) for each in told["stages"]]
        known = {entry.name: entry for entry in entries}
        return Journal(folder, told["plan"], told["machine"], known)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise OtherPlan(f"{file} is no study's ({error!r}): choose another --out") from error


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """The folder, made if need be, for this process. Raises OtherPlan while another has it."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise OtherPlan(f"{folder}: another call is at work on this study; wait for it") from error
    finally:
        os.close(handle)


def timestamp() -> str:
    """Now, for `finished`."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
