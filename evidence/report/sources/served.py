"""What a served picture takes: the law of validation.json, and the closed loops behind it."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import exp, log
from pathlib import Path
from typing import Any

import numpy as np

from evidence.law import NAMES
from evidence.loops import closed_loop
from evidence.report.numbers import Estimate, known
from evidence.report.sources import intervals
from evidence.report.study import Study
from evidence.served import ClosedLoop, Where, as_if, within
from evidence.validation.loops import REFERENCE
from evidence.validation.probed import AFTER, BEFORE
from evidence.validation.recorded import recorded
from loadgen import record
from services.contract.profile import BatchLaw

COEFFICIENTS = (*NAMES, "before")
FOLDERS = {
    Where.CALIBRATION: f"{BEFORE}/loops",
    Where.REFERENCE: f"{REFERENCE}/*",
    Where.RECALIBRATION: f"{AFTER}/loops",
}
"""Of closed loops"""


class OlderLaw(ValueError):
    """The law is of another form than this one."""


@dataclass(frozen=True)
class Level:
    """Seconds of a picture that meets no other, and by which share of them each other one lengthens
    it."""

    name: str
    seconds: float
    crowding: float

    def mean(self, others: float) -> float:
        """Seconds beside so many others."""
        return self.seconds * (1 + self.crowding * others)

    def law(self, cap: int) -> BatchLaw:
        """How pictures at this level slow each other."""
        return BatchLaw(tau0=1 - self.crowding, tau1=self.crowding, cap=cap)


@dataclass(frozen=True)
class Served:
    """φ0 + φ1·b + n·(τ0 + τ1·b) seconds of n steps, b outstanding; of these `before` until work
    starts, on average over the loops."""

    phi0: Estimate
    phi1: Estimate
    tau0: Estimate
    tau1: Estimate
    before: Estimate
    cap: int
    observations: int
    levels: tuple[Level, ...]

    def level(self, name: str) -> Level | None:
        """None for one that was not served."""
        return next((each for each in self.levels if each.name == name), None)


@dataclass(frozen=True)
class Loop:
    """A closed loop at a level: mean seconds of a picture, and how many others all the time slow it
    as much by the law as those that it was beside."""

    name: str
    level: str
    others: float
    seconds: float
    where: Where


@dataclass(frozen=True)
class Loops:
    """All of them, and the law that was fitted to them and to evenly spaced pictures."""

    each: tuple[Loop, ...]
    law: Served

    @property
    def again(self) -> bool:
        """Whether there are any from after the live runs."""
        return bool(self.of(Where.RECALIBRATION))

    @property
    def beside(self) -> bool:
        """Whether there are any from beside them."""
        return bool(self.of(Where.REFERENCE))

    @property
    def parts(self) -> tuple[Where, ...]:
        """Of the study, that there are any from."""
        return tuple(where for where in Where if self.of(where))

    def of(self, where: Where, level: str | None = None) -> list[Loop]:
        """Of one part of the study, at one level or all."""
        here = [loop for loop in self.each if loop.where == where]
        return [loop for loop in here if level in (None, loop.level)]

    @property
    def drift(self) -> Estimate | None:
        """How many times as long pictures took after the live runs as before them, in the same
        company: the geometric mean over the loops that are on both sides, with Student's interval
        of the mean logarithm; None for fewer than two."""
        before, after = (
            {loop.name: log(self._over_law(loop)) for loop in self.of(where)}
            for where in (Where.CALIBRATION, Where.RECALIBRATION)
        )
        both = [after[name] - before[name] for name in before if name in after]
        found = intervals.independent_mean(both)
        return found and Estimate(*(exp(end) for end in found))

    def _over_law(self, loop: Loop) -> float:
        level = self.law.level(loop.level)
        return loop.seconds / level.mean(loop.others) if level else loop.seconds


def law(told: Mapping[str, Any] | None) -> Served | None:
    """As validation.json has it; None where no loops were run. Raises OlderLaw or KeyError."""
    if told is None:
        return None
    if "levels" not in told:
        raise OlderLaw("its law is of an older form")
    return Served(
        **{name: known(told[name]) for name in COEFFICIENTS},
        cap=told["cap"],
        observations=told["observations"],
        levels=levels(told["levels"]),
    )


def levels(told: Mapping[str, Any]) -> tuple[Level, ...]:
    """Of a law in validation.json. Raises KeyError."""
    return tuple(Level(name, each["seconds"], each["crowding"]) for name, each in told.items())


def loops(study: Study, found: Served | None) -> Loops | None:
    """The records behind the law; None without a law, or without any record."""
    if found is None:
        return None
    each = tuple(
        _loop(record.run_name(path), level, loop, found.cap, where)
        for where, pattern in FOLDERS.items()
        for folder in sorted(study.folder.glob(pattern))
        for path in recorded(folder)
        if (level := found.level(record.run_name(path).rpartition("-")[0]))
        and (loop := _recorded(path))
    )
    return Loops(each, found) if each else None


def _loop(name: str, level: Level, found: ClosedLoop, cap: int, where: Where) -> Loop:
    together = as_if(within(found.beside, cap)[None], np.array([level.crowding]))
    return Loop(name, level.name, float(together[0]) - 1, found.mean, where)


def _recorded(path: Path) -> ClosedLoop | None:
    """None for one that says nothing: validation names it among what it skipped."""
    try:
        return closed_loop(record.read(path))
    except (ValueError, OSError):
        return None
