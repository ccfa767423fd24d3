"""How fast the machine was while the live runs were measured."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from evidence import speed
from evidence.report import records
from evidence.report.numbers import Estimate, known
from evidence.report.records import BadStudy
from evidence.report.sources.compared import Accuracy
from evidence.report.study import Study

PAUSE_SECONDS = 60.0
"""A longer time between two probes is one in which the stage did not run."""


@dataclass(frozen=True)
class Pictures:
    """Over runs, of pictures beside the probe, as logarithms."""

    correlation: Estimate
    slope: Estimate


@dataclass(frozen=True)
class Speed:
    """`paces`: seconds of the same work over those in the calibration, at so many `minutes` of the
    stage. `fastest` and `slowest` are those of whole runs, of which so many are `apart` from 1 or
    `uneven` by more than the `bounds`. `simulated` is the accuracy at the speed of each run."""

    minutes: tuple[float, ...]
    paces: tuple[float, ...]
    runs: int
    fastest: float
    slowest: float
    apart: int
    uneven: int
    bounds: Mapping[str, float]
    pictures: Pictures | None
    simulated: Accuracy


def read(study: Study) -> Speed | None:
    """Of OUT/live; None where it was not kept, or nothing was compared. Raises BadStudy."""
    path = study.folder / "validation" / "validation.json"
    told = records.load(path) or {}
    rows = speed.read(study.folder / "live" / speed.FILE)
    try:
        found = told.get("speed")
        ratios = [each["speed"]["value"] for each in told.get("runs", ()) if each.get("speed")]
        return _speed(found, ratios, rows, told["accuracy"]) if found and ratios and rows else None
    except (KeyError, TypeError, AttributeError) as error:
        raise BadStudy(f"{path} is no validation: {error!r}") from error


def _speed(
    told: Mapping[str, Any],
    ratios: Sequence[float],
    rows: Sequence[tuple[float, float]],
    accuracy: Mapping[str, Any],
) -> Speed:
    pictures = told["pictures"]
    return Speed(
        minutes=_minutes([at for at, _ in rows]),
        paces=tuple(seconds / told["calibration_seconds"] for _, seconds in rows),
        fastest=min(ratios),
        slowest=max(ratios),
        **{name: told[name] for name in ("runs", "apart", "uneven", "bounds")},
        pictures=pictures and Pictures(known(pictures["correlation"]), known(pictures["slope"])),
        simulated=Accuracy(**accuracy["at_speed"]["simulated"]),
    )


def _minutes(times: Sequence[float]) -> tuple[float, ...]:
    """Since the first, without the pauses in which the stage did not run."""
    passed = [0.0]
    for before, after in pairwise(times):
        apart = after - before
        passed.append(passed[-1] + (apart if 0 <= apart <= PAUSE_SECONDS else 0.0))
    return tuple(each / 60 for each in passed)
