"""One run of the live stack over time: what was outstanding, and which level was in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.report import records
from evidence.report.records import BadStudy
from evidence.report.sources import sweeps
from evidence.report.sources.sweeps import SweepRun
from evidence.report.study import Study
from loadgen.record import Record, run_name

FIXED = "fixed_"
QUEUE = "images"


@dataclass(frozen=True)
class Step:
    """From this time on, seconds from the start of the run, a level was in force."""

    time: float
    level: str


@dataclass(frozen=True)
class Timeline:
    """A run that followed the queue, with the changes of its level."""

    name: str
    rate: float
    requests: tuple[Record, ...]
    steps: tuple[Step, ...]

    @property
    def changes(self) -> int:
        """How often the level changed while it ran."""
        return max(0, len(self.steps) - 1)

    @property
    def end(self) -> float:
        """Of the run: the last moment of a request."""
        return max(r.finished if r.finished is not None else r.due for r in self.requests)


def read(study: Study) -> Timeline | None:
    """Of the run in OUT/live whose level changed most; None where no run followed a queue."""
    moving = [run for run in sweeps.runs(study.folder / "live") if not run.policy.startswith(FIXED)]
    known = [(run, _steps(run.path)) for run in moving]
    if not known:
        return None
    run, steps = max(known, key=lambda pair: (len(pair[1]), pair[0].rate))
    return _timeline(run, steps)


def _timeline(run: SweepRun, steps: Sequence[Step]) -> Timeline | None:
    found = tuple(run.records)
    return Timeline(run.notation, run.rate, found, tuple(steps)) if found else None


def _steps(path: Path) -> list[Step]:
    """The levels of one queue, from the file beside the records; none where there is no file."""
    beside = path.with_name(f"{run_name(path)}.levels.json")
    told: list[dict[str, Any]] = records.load(beside) or []
    try:
        return [Step(each["time"], each["level"]) for each in told if each["queue"] == QUEUE]
    except (KeyError, TypeError) as error:
        raise BadStudy(f"{beside} is no list of level changes: {error!r}") from error
