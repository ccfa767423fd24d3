"""What an analysis reads: a line a run, with the level of every factor and the response."""

import csv
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from worker.study.terms import Unusable

ORDER = "order"
NO_FACTORS = frozenset({ORDER, "replicate", "seconds", "text_seconds", "first_picture_seconds"})
"""Columns of the records of a design that are no factors."""

Doubles = NDArray[np.float64]
Term = tuple[str, ...]
"""The factors of an effect: one of a main effect, two of an interaction."""


@dataclass(frozen=True)
class Sample:
    """Runs, made or read."""

    factors: Mapping[str, tuple[str, ...]]
    """The levels of each, the last one the highest."""
    points: Sequence[Mapping[str, str]]
    """A level of every factor, for each run."""
    response: Doubles
    """(runs,)"""
    order: Doubles | None
    """(runs,): when it was each one's turn; None where that is not known."""
    name: str = "seconds"
    """Of the response."""

    def logarithm(self) -> "Sample":
        """The same of log₂ of the response: effects are then ratios. Unusable unless it is above
        0 throughout."""
        if self.response.min() <= 0:
            raise Unusable(f"{self.name} has no logarithm where it is not above 0")
        name = f"log₂ {self.name}"
        return Sample(self.factors, self.points, np.log2(self.response), self.order, name)

    def coded(self, term: Term) -> Doubles:
        """(runs, degrees of freedom) columns of an effect, each factor coded to sum to zero: its
        highest levels 1, each in its column, its lowest −1 in all, the others 0."""
        blocks = [self._coded(name) for name in term]
        columns = [np.prod(each, axis=0) for each in product(*(block.T for block in blocks))]
        return np.column_stack(columns)

    def _coded(self, name: str) -> Doubles:
        levels = self.factors[name]
        at = np.array([levels.index(point[name]) for point in self.points])
        identity = np.vstack([-np.ones(len(levels) - 1), np.eye(len(levels) - 1)[::-1]])
        return identity[at]

    def cells(self) -> Iterator[NDArray[np.intp]]:
        """The runs that have all levels in common."""
        keys = [tuple(point[name] for name in self.factors) for point in self.points]
        for key in dict.fromkeys(keys):
            yield np.flatnonzero([each == key for each in keys])


def read_csv(
    file: Path, response: str, factors: Mapping[str, Sequence[object] | None] | None = None
) -> Sample:
    """The runs in a CSV file with a header. `factors` are the columns to explain the response by,
    each with its levels, or None for those it has; without any, every column but the response
    and those that say when a run was made. Unusable says what is wrong with the file."""
    rows = _rows(file)
    columns = list(rows[0])
    others = [name for name in columns if name not in {response, *NO_FACTORS}]
    chosen = dict(factors or dict.fromkeys(others))
    for name in (response, *chosen):
        if name not in columns:
            raise Unusable(f"{file} has no column {name}; it has {', '.join(columns)}")
    if not chosen:
        raise Unusable(f"{file} has no factor beside {response}")
    levels = {name: each or _levels(rows, name) for name, each in chosen.items()}
    return sample(rows, levels, response, str(file))


def sample(
    rows: Sequence[Mapping[str, object]],
    factors: Mapping[str, Sequence[object]],
    response: str,
    source: str,
) -> Sample:
    """Of records with a column for the response and one for each factor."""
    levels = {name: tuple(map(str, each)) for name, each in factors.items()}
    for name, each in levels.items():
        _check_levels(rows, name, each, source)
    order = _numbers(rows, ORDER, source) if ORDER in rows[0] else None
    points = [{name: str(row[name]) for name in levels} for row in rows]
    return Sample(levels, points, _numbers(rows, response, source), order, response)


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Unusable(f"the runs cannot be read ({error}): name a CSV file") from error
    if not rows:
        raise Unusable(f"{file} has no runs: it needs a header and a line for each run")
    if any(None in row or None in row.values() for row in rows):
        raise Unusable(f"{file} has lines with more or fewer cells than its header")
    return rows


def _levels(rows: Sequence[Mapping[str, str]], name: str) -> list[str]:
    """Numbers from the lowest, names as they come first."""
    found = list(dict.fromkeys(row[name] for row in rows))
    return sorted(found, key=float) if all(map(is_number, found)) else found


def _check_levels(
    rows: Sequence[Mapping[str, object]], name: str, levels: Sequence[str], source: str
) -> None:
    if name not in rows[0]:
        raise Unusable(f"{source} has no column {name}; it has {', '.join(rows[0])}")
    if unknown := {str(row[name]) for row in rows} - set(levels):
        raise Unusable(f"{source}: {name} has no level {min(unknown)} ({', '.join(levels)})")
    if len(levels) < 2:
        raise Unusable(f"{source}: {name} has one level only, so nothing can be said of it")


def _numbers(rows: Sequence[Mapping[str, object]], name: str, source: str) -> Doubles:
    wrong = [row[name] for row in rows if not is_number(str(row[name]))]
    if wrong:
        raise Unusable(f"{source}: {name} must be a number in every line; got {wrong[0]!r}")
    return np.array([float(str(row[name])) for row in rows])


def is_number(text: str) -> bool:
    """Whether it reads as a finite number."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False
