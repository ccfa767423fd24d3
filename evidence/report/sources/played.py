"""When the closed loops of a study were played, and when its live runs began."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evidence.report.sources import sweeps
from evidence.report.study import Study
from evidence.served import Where
from loadgen import began
from loadgen.record import BadRecord


@dataclass(frozen=True)
class Placed:
    """A closed loop: the unix second of its middle, its Where, and its mean over what the one law
    says in the same company. None for what is not known."""

    at: float | None
    where: str
    level: str | None
    ratio: float | None


@dataclass(frozen=True)
class Played:
    """All closed loops, in the order of time, and the unix seconds at which live runs began, as far
    as their records say."""

    loops: tuple[Placed, ...] = ()
    runs: tuple[float, ...] = ()

    @property
    def beside(self) -> tuple[Placed, ...]:
        """The loops beside the runs."""
        return tuple(each for each in self.loops if each.where == Where.REFERENCE)

    @property
    def beside_levels(self) -> tuple[str, ...]:
        """Of these, as far as they have one alone."""
        return tuple(dict.fromkeys(each.level for each in self.beside if each.level))

    @property
    def later(self) -> bool:
        """Whether there are loops from after the first run began. Where no run says when it did,
        loops beside the runs are taken for such."""
        if not self.runs:
            return any(each.where != Where.CALIBRATION for each in self.loops)
        first = min(self.runs)
        return any(each.at is not None and each.at > first for each in self.loops)


def read(study: Study, loops: Sequence[Mapping[str, Any]]) -> Played:
    """Of the loops as validation.json has them, and the runs of OUT/live. Raises KeyError or
    BadStudy."""
    names = ("at", "where", "level", "ratio")
    placed = (Placed(*(each[name] for name in names)) for each in loops)
    begins = (_began(run.path) for run in sweeps.runs(study.folder / "live"))
    return Played(tuple(placed), tuple(at for at in begins if at is not None))


def _began(run: Path) -> float | None:
    """None for one that does not say it: validation names it among what it skipped."""
    try:
        return began.of_run(run)
    except (BadRecord, OSError):
        return None
