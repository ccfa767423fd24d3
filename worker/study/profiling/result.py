"""From measurements to a profile: timings, costs, batch laws."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, variance
from typing import Any

from services.contract import profile
from services.contract.jobs import Queue
from services.contract.ladder import Level
from services.contract.profile import (
    BatchLaw,
    Cost,
    Interval,
    Profile,
    ProfileError,
    Rung,
    Timing,
)
from services.contract.timings import batch_law, crowding, kept, reference
from worker.study.profiling.student import mean_of_few
from worker.study.profiling.trial import Measured
from worker.study.tables import Panel, Table

_OF_A_QUEUE = ("scv", "crowding", "MB")
COLUMNS = ("level", "picture s", *_OF_A_QUEUE, "story s", *_OF_A_QUEUE)
NOTHING = ("", "", "", "")


@dataclass(frozen=True)
class Findings:
    """What was measured of one queue."""

    queue: Queue
    model: str
    timings: tuple[Timing, ...]
    costs: Mapping[str, Cost]
    """By the level's name"""
    law: BatchLaw | None
    """None where the reference was measured at one number of jobs together alone"""


def timings_of(measured: Sequence[Measured]) -> tuple[Timing, ...]:
    """The repeats of each setting together, in the order in which they were made."""
    groups: dict[str, list[Measured]] = {}
    for each in measured:
        same = each.trial.model_copy(update={"repeat": 0, "steps": each.steps})
        groups.setdefault(same.key, []).append(each)
    return tuple(_timing(group) for group in groups.values())


def _timing(group: Sequence[Measured]) -> Timing:
    trial = group[0].trial
    held = [each.memory_mb for each in group if each.memory_mb is not None]
    return Timing(
        queue=trial.queue,
        setting=trial.setting,
        steps=group[0].steps,
        batch=trial.batch,
        seconds=tuple(each.seconds for each in group),
        memory_mb=max(held, default=None),
    )


def marked(timings: Sequence[Timing], is_reference: Callable[[Timing], bool]) -> tuple[Timing, ...]:
    """The timings, each with whether the batch law of its queue is of it."""
    return tuple(each.model_copy(update={"reference": is_reference(each)}) for each in timings)


def cost(timings: Sequence[Timing], company: Sequence[Timing]) -> Cost:
    """Of jobs of one level, of which at least two without company are kept. The interval of the
    mean is Student's, cut off at 0, below which no job takes. `company`: those of the work by which
    is told what company adds."""
    alone = [timing for timing in timings if timing.batch == 1]
    seconds = [each for timing in alone for each in kept(timing.seconds)]
    mean = mean_of_few(seconds)
    held = [timing.memory_mb for timing in alone if timing.memory_mb is not None]
    return Cost(
        seconds=Interval(value=mean.value, low=max(0.0, mean.low), high=mean.high),
        scv=variance(seconds) / fmean(seconds) ** 2,
        crowding=crowding(company),
        memory_mb=max(held, default=None),
    )


def law(timings: Sequence[Timing], cap: int) -> BatchLaw | None:
    """The batch law of one queue's timings."""
    comparable = reference(timings)
    return batch_law(comparable, cap) if comparable else None


def assembled(
    levels: Sequence[Level], findings: Sequence[Findings], made_with: Mapping[str, Any]
) -> Profile:
    """The profile of what was measured, without quality."""
    rungs = [
        Rung(level=level, costs={found.queue: found.costs[level.name] for found in findings})
        for level in levels
    ]
    return Profile(
        made_with=dict(made_with),
        rungs=tuple(rungs),
        batch={found.queue: found.law for found in findings if found.law is not None},
        timings=tuple(timing for found in findings for timing in found.timings),
    )


def with_qualities_of(before: Profile, new: Profile) -> Profile:
    """`new` with the quality that `before` gives a level that draws the same pictures."""
    known = {
        rung.level.image: rung.costs["images"].quality
        for rung in before.rungs
        if "images" in rung.costs
    }
    return with_qualities(new, {rung.level.name: known.get(rung.level.image) for rung in new.rungs})


def with_qualities(found: Profile, qualities: Mapping[str, Interval | None]) -> Profile:
    """The profile with the quality of pictures at each level."""
    return found.model_copy(
        update={"rungs": tuple(_valued(rung, qualities[rung.level.name]) for rung in found.rungs)}
    )


def _valued(rung: Rung, quality: Interval | None) -> Rung:
    if "images" not in rung.costs:
        return rung
    valued = rung.costs["images"].model_copy(update={"quality": quality})
    return rung.model_copy(update={"costs": {**rung.costs, "images": valued}})


def read(file: Path) -> Profile | None:
    """The profile in a file; None where there is none that can be read."""
    try:
        return profile.load(file)
    except ProfileError:
        return None


def write(file: Path, found: Profile) -> None:
    """Put the profile into a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(found.model_dump_json(indent=1) + "\n", encoding="utf-8")


def table(found: Profile) -> Table:
    """Seconds alone, their spread, what company adds and the memory at each level."""
    rows = tuple(
        (rung.level.name, *_cells(rung, "images", 3), *_cells(rung, "stories", 1))
        for rung in found.rungs
    )
    return Table("rungs", _caption(found), (Panel(COLUMNS, rows),))


def rows(found: Profile) -> list[dict[str, Any]]:
    """A record of each repeat."""
    return [
        {
            "queue": timing.queue,
            "setting": " ".join(f"{name}={each}" for name, each in timing.setting.items()),
            "steps": timing.steps,
            "batch": timing.batch,
            "seconds": seconds,
            "kept": seconds in kept(timing.seconds),
        }
        for timing in found.timings
        for seconds in timing.seconds
    ]


def figures(found: Profile) -> dict[str, Any]:
    """The table's figures and the batch laws, for programs."""
    return {
        "rungs": {rung.level.name: _figures(rung) for rung in found.rungs},
        "batch": {queue: each.model_dump() for queue, each in found.batch.items()},
    }


def _figures(rung: Rung) -> dict[str, Any]:
    return {queue: each.model_dump() for queue, each in rung.costs.items()}


def _cells(rung: Rung, queue: Queue, digits: int) -> tuple[str, ...]:
    if queue not in rung.costs:
        return NOTHING
    found = rung.costs[queue]
    value, low, high = (
        f"{each:.{digits}f}"
        for each in (found.seconds.value, found.seconds.low, found.seconds.high)
    )
    company = "" if found.crowding is None else f"{found.crowding:.3f}"
    memory = "" if found.memory_mb is None else f"{found.memory_mb:.0f}"
    return f"{value} ({low} … {high})", f"{found.scv:.4f}", company, memory


def _caption(found: Profile) -> str:
    laws = " ".join(
        f"{queue}: {1000 * law.tau0:.2f} + {1000 * law.tau1:.2f}·b ms a step, so {law.cap} "
        f"together take {law.slowdown(law.cap):.2f} times as long."
        for queue, law in found.batch.items()
    )
    return (
        "Seconds from submission to the result of a job alone in a worker, with the 95 % interval "
        "of the mean; scv: squared coefficient of variation; crowding: share of that time by which "
        "each other job in the worker lengthens a job, by the queue's batch law where empty; MB: "
        "most memory held by the process. "
        f"{laws}"
    )
