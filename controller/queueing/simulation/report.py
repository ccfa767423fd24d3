"""A summary as command lines print it: for programs, and for people."""

import dataclasses
import math
from collections.abc import Iterator, Sequence
from typing import Any

from controller.queueing.simulation.estimates import Estimate
from controller.queueing.simulation.statistics import Summary

BY_LEVEL = ("residency", "job_shares")
OF_LEVELS = (*BY_LEVEL, "effective_quality", "switch_rate")


def as_json(summary: Summary, levels: Sequence[str] = ()) -> dict[str, Any]:
    """Each estimate as {"mean", "ci95"}, null where no job tells; with the names of levels, what
    concerns them, too."""
    found = {each.name: getattr(summary, each.name) for each in dataclasses.fields(summary)}
    if not levels:
        found = {name: value for name, value in found.items() if name not in OF_LEVELS}
    named = {name: dict(zip(levels, found[name], strict=True)) for name in BY_LEVEL if levels}
    return {name: _plain(value) for name, value in (found | named).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, Estimate):
        return None if math.isnan(value.mean) else value.as_json()
    return value


def lines(found: dict[str, Any]) -> Iterator[str]:
    """What `as_json` gave, an estimate a line."""
    for name, value in found.items():
        if name in BY_LEVEL:
            yield from (_line(f"{name} of {level}", share) for level, share in value.items())
        elif value is None or isinstance(value, dict):
            yield _line(name, value)


def _line(name: str, value: dict[str, Any] | None) -> str:
    if value is None:
        return f"  {name:<24} unknown"
    low, high = value["ci95"]
    return f"  {name:<24} {value['mean']:>12.6g}  [{low:.6g}, {high:.6g}]"
