"""The laws of single runs, from the closed loops near them in time, as validation.json has them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isclose
from typing import Any

from evidence.report.sources.played import Played
from evidence.report.sources.served import Level, Served, levels

SAME = 1e-6
"""Relative difference of seconds up to which two laws are one"""


@dataclass(frozen=True)
class Near:
    """The law of a run, which so many closed loops went into."""

    loops: int
    levels: tuple[Level, ...]

    def level(self, name: str) -> Level | None:
        """None for one that was not served."""
        return next((each for each in self.levels if each.name == name), None)

    def differs(self, law: Served) -> bool:
        """Whether it is another than the one law of all loops."""
        pairs = ((each, law.level(each.name)) for each in self.levels)
        return any(
            other is None or not isclose(each.seconds, other.seconds, rel_tol=SAME)
            for each, other in pairs
        )


@dataclass(frozen=True)
class Nearby:
    """The laws of the runs that have one of their own, of `runs` in all, and when all loops were
    played."""

    laws: tuple[Near, ...]
    runs: int
    played: Played

    @property
    def every(self) -> bool:
        """Whether all runs have one."""
        return len(self.laws) == self.runs

    @property
    def counts(self) -> str:
        """How many loops a law is of: `24`, or `21 to 24`."""
        found = [each.loops for each in self.laws]
        ends = dict.fromkeys((min(found), max(found)))
        return " to ".join(map(str, ends))

    @property
    def forecast(self) -> bool:
        """Whether all loops were run before all live runs."""
        return bool(self.played.loops) and not self.both_sides

    @property
    def both_sides(self) -> bool:
        """Whether there are loops from after a run as well."""
        return self.played.later

    def alone(self, level: str) -> tuple[float, float] | None:
        """The least and the most seconds of a picture alone by the laws of single runs."""
        found = [known.seconds for law in self.laws if (known := law.level(level))]
        return (min(found), max(found)) if found else None


def near(told: Mapping[str, Any] | None) -> Near | None:
    """Of a run; None where it has no law of its own. Raises KeyError."""
    return Near(told["loops"], levels(told["levels"])) if told else None


def nearby(laws: Sequence[Near | None], law: Served | None, played: Played) -> Nearby | None:
    """Of the laws of all runs; None where none of them has one of its own."""
    own = tuple(each for each in laws if law and each and each.differs(law))
    return Nearby(own, len(laws), played) if own else None
