"""How fast the machine was while the live runs were measured."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from evidence import speed
from evidence.report import records
from evidence.report.numbers import Estimate, known
from evidence.report.records import BadStudy
from evidence.report.sources.runs import FIGURES, Accuracy, Asked, accuracy
from evidence.report.sources.validation import asked
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
    `uneven` by more than the `bounds`. `simulated` is the accuracy at the speed of each run, and
    `before` that of the prediction without it, over the same runs: where there are loops beside the
    runs, by those before and after them alone, which the calibration is of."""

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
    before: Accuracy


def read(study: Study) -> Speed | None:
    """Of OUT/live; None where it was not kept, or nothing was compared. Raises BadStudy."""
    path = study.folder / "validation" / "validation.json"
    told = records.load(path) or {}
    rows = speed.read(study.folder / "live" / speed.FILE)
    try:
        return _speed(told, rows) if told.get("speed") and rows else None
    except (KeyError, TypeError, AttributeError) as error:
        raise BadStudy(f"{path} is no validation: {error!r}") from error


def _speed(told: Mapping[str, Any], rows: Sequence[tuple[float, float]]) -> Speed | None:
    """None where no run's is known."""
    found, ratios = told["speed"], [run["speed"]["value"] for run in told["runs"] if run["speed"]]
    if not ratios:
        return None
    pictures, bound = found["pictures"], asked(told["accuracy"])
    errors = list(_errors(told["runs"], bound))
    return Speed(
        minutes=_minutes([at for at, _ in rows]),
        paces=tuple(seconds / found["calibration_seconds"] for _, seconds in rows),
        fastest=min(ratios),
        slowest=max(ratios),
        **{name: found[name] for name in ("runs", "apart", "uneven", "bounds")},
        pictures=pictures and Pictures(known(pictures["correlation"]), known(pictures["slope"])),
        simulated=accuracy([at_speed for at_speed, _ in errors], bound),
        before=accuracy([made for _, made in errors], bound),
    )


def _errors(runs: Sequence[Mapping[str, Any]], bound: Asked) -> Iterator[tuple[float, float]]:
    """Of the simulated mean response at the speed of each run, and without it; of the runs that
    accuracy is asked of and that have both."""
    for run in runs:
        if not run["steady"] or run["utilisation"] > bound.utilisation:
            continue
        others = run["other_errors"]
        made = _of_mean(others.get("calibrated") or others.get("one_law") or run["errors"])
        at_speed = _of_mean(others.get("at_speed") or {})
        if at_speed is not None and made is not None:
            yield at_speed, made


def _of_mean(errors: Mapping[str, Any]) -> float | None:
    said = errors.get("simulated")
    return said[FIGURES[0]] if said else None


def _minutes(times: Sequence[float]) -> tuple[float, ...]:
    """Since the first, without the pauses in which the stage did not run."""
    passed = [0.0]
    for before, after in pairwise(times):
        apart = after - before
        passed.append(passed[-1] + (apart if 0 <= apart <= PAUSE_SECONDS else 0.0))
    return tuple(each / 60 for each in passed)
