"""Runs as a report holds them side by side."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from loadgen import level_changes, metrics, occupancy
from loadgen.level_changes import Change
from loadgen.metrics import Estimate, Goal
from loadgen.record import SUCCEEDED, BadRecord, Record, read, run_name
from services.contract import profile
from services.contract.profile import ProfileError

QUEUES = {"image": ("images",), "story": ("stories",), "storybook": ("stories", "images")}
"""Whose level the jobs of a kind go by; the pictures of a book are jobs of their own."""


class MissingQuality(ProfileError):
    """The records name a level of which the profile does not say what it is worth."""


@dataclass(frozen=True)
class Run:
    """The records of one run, named for its file, and its changes of level where they are known."""

    name: str
    records: Sequence[Record]
    changes: Sequence[Change] = ()

    @property
    def rate(self) -> float:
        """Requests a second that were due, over the time in which they were."""
        due = [record.due for record in metrics.measured(self.records)]
        return (
            (len(due) - 1) / (max(due) - min(due)) if len(due) > 1 and max(due) > min(due) else 0.0
        )

    @property
    def queues(self) -> list[str]:
        """Those that its requests went through."""
        kinds = dict.fromkeys(record.kind for record in self.records)
        return list(dict.fromkeys(queue for kind in kinds for queue in QUEUES.get(kind, ())))


@dataclass(frozen=True)
class Terms:
    """What the figures go by: percentiles, a goal, and the quality of each level, if known."""

    percents: Sequence[float] = (50, 95, 99)
    goal: Goal | None = None
    quality: Mapping[str, float] | None = None


@dataclass(frozen=True)
class Row:
    """A line of the table: a title, and a figure for each run; None where there is none."""

    title: str
    values: tuple[Estimate | float | None, ...]


def load(paths: Sequence[Path]) -> list[Run]:
    """A run for each file, with what NAME.levels.json beside it says. Raises BadRecord or
    OSError."""
    names = [run_name(path) for path in paths]
    twice = [name for name in names if names.count(name) > 1]
    if twice:
        raise BadRecord(f"two of the files are called {twice[0]}; rename one, or report them apart")
    return [Run(run_name(path), read(path), level_changes.of_run(path)) for path in paths]


def quality_of(path: Path | None) -> dict[str, float] | None:
    """What pictures of each level are worth, by a profile. Raises ProfileError."""
    if path is None:
        return None
    known = ((rung.level.name, rung.costs.get("images")) for rung in profile.load(path).rungs)
    return {name: cost.quality.value for name, cost in known if cost and cost.quality}


def rows(runs: Sequence[Run], terms: Terms) -> list[Row]:
    """The figures of all runs."""
    counted = [metrics.measured(run.records) for run in runs]
    found = [
        Row("requests", tuple(float(len(each)) for each in counted)),
        Row("requests a second", tuple(run.rate for run in runs)),
        Row("answered", tuple(_share(each, answered) for each in counted)),
        *_responses(counted, terms),
        Row("mean wait, s", tuple(_mean(metrics.waits(each)) for each in counted)),
        Row("mean service, s", tuple(_mean(metrics.services(each)) for each in counted)),
        Row("mean number outstanding", tuple(_outstanding(run) for run in runs)),
        Row("good answers a second", tuple(metrics.goodput(each, terms.goal) for each in counted)),
    ]
    goal = terms.goal
    if goal is not None:
        shares = tuple(_share(each, goal.met) for each in counted)
        found.append(Row(f"within {goal.seconds:g} s", shares))
    return found + _quality(counted, terms) + _levels(counted) + _residencies(runs)


def answered(record: Record) -> bool:
    """Whether a request came to its end with a result."""
    return record.status == SUCCEEDED


def _share(records: Sequence[Record], holds: Callable[[Record], bool]) -> Estimate | None:
    return _mean([float(holds(record)) for record in records])


def _mean(values: Sequence[float]) -> Estimate | None:
    return metrics.estimate(values, metrics.mean) if values else None


def _responses(counted: Sequence[Sequence[Record]], terms: Terms) -> list[Row]:
    responses = [metrics.responses(each) for each in counted]
    found = [Row("mean response, s", tuple(map(_mean, responses)))]
    for percent in terms.percents:
        values = tuple(_percentile(each, percent) for each in responses)
        found.append(Row(f"p{percent:g} response, s", values))
    return found


def _percentile(values: Sequence[float], percent: float) -> Estimate | None:
    if not values:
        return None
    return metrics.estimate(values, lambda ordered: metrics.percentile(ordered, percent))


def _quality(counted: Sequence[Sequence[Record]], terms: Terms) -> list[Row]:
    worth = terms.quality
    if worth is None:
        return []
    _check_quality(counted, worth)
    weighted = [metrics.quality_weighted_goodput(each, terms.goal, worth) for each in counted]
    means = [_mean([worth[r.level or "none"] for r in each if answered(r)]) for each in counted]
    return [Row("mean quality", tuple(means)), Row("quality in time, a second", tuple(weighted))]


def _check_quality(counted: Sequence[Sequence[Record]], worth: Mapping[str, float]) -> None:
    levels = {r.level or "none" for records in counted for r in records if answered(r)}
    missing = ", ".join(sorted(levels - set(worth)))
    if missing:
        raise MissingQuality(
            f"there is no quality for level {missing}: the profile of --profile must hold it, "
            "for pictures (`python -m worker.study quality` measures it)"
        )


def _outstanding(run: Run) -> float | None:
    begin, until = occupancy.window(run.records)
    return occupancy.mean_number(run.records, until, begin) if begin < until else None


def _residencies(runs: Sequence[Run]) -> list[Row]:
    """Of each queue that some run used."""
    queues = dict.fromkeys(queue for run in runs for queue in run.queues)
    return [row for queue in queues for row in _residency(runs, queue)]


def _residency(runs: Sequence[Run], queue: str) -> list[Row]:
    windows = [occupancy.window(run.records) for run in runs]
    shares = [
        occupancy.residency(run.changes, queue, *window)
        if queue in run.queues and window[0] < window[1]
        else {}
        for run, window in zip(runs, windows, strict=True)
    ]
    names = dict.fromkeys(name for share in shares for name in share)
    return [
        Row(
            f"time at {name}, {queue}",
            tuple(share.get(name, 0.0) if share else None for share in shares),
        )
        for name in names
    ]


def _levels(counted: Sequence[Sequence[Record]]) -> list[Row]:
    shares = [metrics.shares(each) for each in counted]
    names = dict.fromkeys(name for share in shares for name in share)
    return [Row(f"at {name}", tuple(share.get(name, 0.0) for share in shares)) for name in names]
