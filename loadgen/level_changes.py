"""When each queue's level changed during a run, from what GET /v1/policy shows.

The gateway shows the newest decisions alone. They are numbered for each queue without a gap, so
looks at it that come often enough make a whole of them, and one that is missing is noticed.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from loadgen.record import BadRecord, run_name


@dataclass(frozen=True)
class Change:
    """From `time` on, seconds from the start of the run by the generator's clock, `level` was in
    force in `queue`. The first of a queue is what held at the start: its time is at most 0."""

    queue: str
    time: float
    level: str
    reason: str


@dataclass(frozen=True)
class _Decision:
    at: float
    level: str
    reason: str


class Incomplete(ValueError):
    """Some change of level was not seen, or cannot be told; says which or why."""


class LevelLog:
    """What was seen of the levels. The first look comes before the run."""

    def __init__(self) -> None:
        self._start: dict[str, tuple[int, _Decision | None]] = {}
        self._newest: dict[str, int] = {}
        self._later: dict[tuple[str, int], _Decision] = {}
        self._begun_again: set[str] = set()

    def hear(self, shown: Mapping[str, Any]) -> None:
        """An answer to GET /v1/policy. Raises KeyError for what is none."""
        now = {queue: _standing(each["state"]) for queue, each in shown["queues"].items()}
        self._start = self._start or now
        newest = {queue: version for queue, (version, _) in now.items()}
        self._begun_again |= {queue for queue in newest if newest[queue] < self._before(queue)}
        self._newest = newest
        for each in shown["decisions"]:
            found = _Decision(_moment(each["at"]), each["level"], each["reason"])
            # A store that lost its data may have come past the old version between two looks.
            if self._later.setdefault((each["queue"], each["version"]), found) != found:
                self._begun_again.add(each["queue"])

    def _before(self, queue: str) -> int:
        return self._newest.get(queue, 0)

    def changes(self, here: Callable[[float], float]) -> list[Change]:
        """All changes in the order of their times; `here` carries the server's times over to the
        run's clock. Raises Incomplete."""
        found = [
            Change(queue, time, each.level, each.reason)
            for queue in self._start
            for time, each in self._of(queue, here)
        ]
        return sorted(found, key=lambda change: change.time)

    def _of(self, queue: str, here: Callable[[float], float]) -> list[tuple[float, _Decision]]:
        if queue in self._begun_again:
            raise Incomplete(f"the numbering of the decisions on the level of {queue} began again")
        first, held = self._start[queue]
        begun = [(min(0.0, here(held.at)), held)] if held else []
        later = [(here(each.at), each) for each in self._after(queue, first)]
        # A decision may give a new reason for the same level: that is no change of it.
        runs = groupby(begun + later, key=lambda each: each[1].level)
        return [next(same) for _, same in runs]

    def _after(self, queue: str, first: int) -> list[_Decision]:
        seen = {version for which, version in self._later if which == queue and version > first}
        last = max(seen | {self._newest[queue]})
        missing = set(range(first + 1, last + 1)) - seen
        if missing:
            raise Incomplete(f"{len(missing)} decisions on the level of {queue} were not seen")
        return [self._later[queue, version] for version in range(first + 1, last + 1)]


def _standing(state: Mapping[str, Any] | None) -> tuple[int, _Decision | None]:
    """The version that a queue is at, and the level it has; 0 before there was any."""
    if state is None:
        return 0, None
    return state["version"], _Decision(_moment(state["since"]), state["level"], state["reason"])


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def beside(records: Path) -> Path:
    """The file of level changes that belongs to a file of records."""
    return records.with_name(f"{run_name(records)}.levels.json")


def of_run(records: Path) -> list[Change]:
    """Those saved beside the records of a run; none where none were. Raises BadRecord, OSError."""
    path = beside(records)
    return load(path) if path.exists() else []


def save(path: Path, changes: Sequence[Change]) -> None:
    """Write them as a JSON list, a line a change, whole or not at all. Raises OSError."""
    lines = ",\n ".join(json.dumps(asdict(each)) for each in changes)
    part = path.with_name(f"{path.name}.part")
    part.write_text(f"[\n {lines}\n]\n")
    part.rename(path)


def load(path: Path) -> list[Change]:
    """What was saved. Raises BadRecord for anything else, and OSError."""
    try:
        return [Change(**each) for each in json.loads(path.read_text())]
    except (ValueError, TypeError) as error:
        raise BadRecord(f"{path} is no list of level changes: {error}") from error
