"""How many jobs were outstanding, and for which part of the time each level held. Pure."""

import math
from collections.abc import Sequence
from itertools import accumulate

from loadgen.level_changes import Change
from loadgen.metrics import measured
from loadgen.record import TIMEOUT, Record


def window(records: Sequence[Record]) -> tuple[float, float]:
    """From when until when, in seconds of the run, arrivals that count were due: from the start of
    the run, or after a warm-up from its first request that counts, to the last due time."""
    counted = measured(records)
    if not counted:
        return 0.0, 0.0
    first = min(record.due for record in counted)
    return (0.0 if len(counted) == len(records) else first), max(record.due for record in counted)


def mean_number(records: Sequence[Record], until: float, begin: float = 0.0) -> float:
    """The time-average of the number outstanding between `begin` and `until`, in seconds of the
    run: what came from a warm-up is among it, and what ended later counts up to `until`.

    A request is outstanding from its due time until its end, and for the whole run where it was
    given up; what was refused, or failed without an end, never is. Raises ValueError where the
    window is empty.
    """
    if not begin < until:
        raise ValueError(f"there is no time between {begin:g} and {until:g} s to average over")
    spans = [(max(start, begin), min(end, until)) for start, end in _stays(records)]
    return math.fsum(end - start for start, end in spans if end > start) / (until - begin)


def outstanding(records: Sequence[Record]) -> tuple[list[float], list[int]]:
    """Times at which a request was due or ended, and how many were outstanding from then on."""
    stays = _stays(records)
    changes = [(start, 1) for start, _ in stays]
    changes += [(end, -1) for _, end in stays if end < math.inf]
    changes.sort(key=lambda change: (change[0], -change[1]))
    return [at for at, _ in changes], list(accumulate(change for _, change in changes))


def residency(changes: Sequence[Change], queue: str, begin: float, end: float) -> dict[str, float]:
    """Which part of the time from `begin` to `end`, in seconds of the run, each level was in force
    in a queue. They add up to 1, or to less where no level was known at first; levels that never
    held are not named. Raises ValueError where the window is empty."""
    if not begin < end:
        raise ValueError(f"there is no time between {begin:g} and {end:g} s to share")
    shares: dict[str, float] = {}
    for level, start, stop in spells(changes, queue, begin, end):
        shares[level] = shares.get(level, 0.0) + (stop - start) / (end - begin)
    return shares


def spells(
    changes: Sequence[Change], queue: str, begin: float, end: float
) -> list[tuple[str, float, float]]:
    """Level, start and end of each time that a queue's level held, within the window."""
    mine = sorted((each for each in changes if each.queue == queue), key=lambda each: each.time)
    ends = [*(each.time for each in mine), math.inf][1:]
    held = [
        (each.level, max(each.time, begin), min(stop, end))
        for each, stop in zip(mine, ends, strict=True)
    ]
    return [spell for spell in held if spell[1] < spell[2]]


def _stays(records: Sequence[Record]) -> list[tuple[float, float]]:
    """When each request that was let in came and went; infinity: it was given up."""
    inside = [r for r in records if r.finished is not None or r.status == TIMEOUT]
    return [(r.due, math.inf if r.finished is None else r.finished) for r in inside]
