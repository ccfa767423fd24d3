"""When a queue's level changes: the rules in policy.toml, and what makes them ones."""

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from services.contract.ladder import Strict

Kind = Literal["threshold", "fixed", "slo", "table", "planned"]
PREDICTING: tuple[Kind, ...] = ("slo", "planned")
"""Kinds that need a profile, because they ask how long a job will take."""


class BadRules(ValueError):
    """Rules that fit no ladder, or not this one; `field` is the one that is wrong."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"rules.{field} {message}")
        self.field = f"rules.{field}"
        self.message = message


class Slo(Strict):
    """What a job's response time is to stay within."""

    seconds: float = Field(gt=0)
    percentile: Annotated[float, Field(gt=0, lt=100)] | Literal["mean"] = Field(
        95.0, description="Of the response time, or its mean."
    )


class PolicyRules(Strict):
    """When a queue's level changes. Every kind obeys the dwell: no two changes within it.

    fixed      `level`, whatever the load
    threshold  `thresholds[i]` is the depth at which level i is left for the next, cheaper one; it
               is entered again at or below `climb[i]` (`thresholds[i] - hysteresis` if absent)
    slo        the best level whose predicted response at the present depth meets `slo`
    table      `table[i][n]` is the level to go to from level i at depth n, a row's last entry
               that of every greater depth
    planned    `threshold` with thresholds planned anew, for `slo`, as load and service times drift
    """

    kind: Kind = "threshold"
    level: str | None = Field(None, description="The level of a fixed policy.")
    thresholds: tuple[int, ...] = ()
    climb: tuple[int, ...] | None = Field(None, description="Depths at which levels are regained.")
    hysteresis: int = Field(1, ge=1)
    dwell_seconds: float = Field(2.0, ge=0)
    slo: Slo | None = None
    table: tuple[tuple[int, ...], ...] = ()
    patience_seconds: float | None = Field(
        None, gt=0, description="A job that waits longer calls for one level less than the depth."
    )
    capacity: int | None = Field(None, ge=1, description="Depth at which jobs are refused.")

    @property
    def climbs(self) -> tuple[int, ...]:
        """The depth at or below which each level is entered again from the next."""
        if self.climb is not None:
            return self.climb
        return tuple(threshold - self.hysteresis for threshold in self.thresholds)


def check(rules: PolicyRules, names: tuple[str, ...]) -> None:
    """Raise BadRules for rules that do not fit a ladder of levels with these names."""
    if rules.kind == "fixed" and rules.level not in names:
        raise BadRules("level", f"must be one of {', '.join(names)}")
    if rules.kind in PREDICTING and rules.slo is None:
        raise BadRules("slo", f"is missing: the kind {rules.kind} needs slo = {{ seconds = … }}")
    if rules.kind == "table":
        _check_table(rules.table, len(names))
    if rules.kind == "threshold" or (rules.kind == "planned" and rules.thresholds):
        _check_thresholds(rules, len(names))


def _check_table(table: tuple[tuple[int, ...], ...], levels: int) -> None:
    if len(table) != levels or not all(table):
        raise BadRules("table", f"must hold {levels} rows, one a level, none of them empty")
    if any(not 0 <= entry < levels for row in table for entry in row):
        raise BadRules("table", f"must hold levels from 0 to {levels - 1}")
    for depth in range(max(map(len, table))):
        _check_settles([row[min(depth, len(row) - 1)] for row in table], depth)


def _check_settles(going: list[int], depth: int) -> None:
    """From every level the table must reach one where it stays, while the depth does."""
    for start in range(len(going)):
        level = start
        for _ in going:
            level = going[level]
        if going[level] != level:
            raise BadRules(
                "table", f"flaps at depth {depth}: level {level} goes to {going[level]} and back"
            )


def _check_thresholds(rules: PolicyRules, levels: int) -> None:
    thresholds, climbs = rules.thresholds, rules.climbs
    if len(thresholds) != levels - 1 or len(climbs) != levels - 1:
        raise BadRules("thresholds", f"must hold {levels - 1} depths, and climb as many")
    if any(later <= earlier for earlier, later in pairwise((0, *thresholds))):
        raise BadRules("thresholds", "must be positive and increase")
    if climbs and climbs[0] < 0:
        raise BadRules("hysteresis", "above the first threshold would never climb back")
    if any(up >= down for up, down in zip(climbs, thresholds, strict=True)):
        raise BadRules("climb", "must be below the thresholds, or the level would flap")
    if any(later < earlier for earlier, later in pairwise(climbs)):
        raise BadRules("climb", "must not decrease")
