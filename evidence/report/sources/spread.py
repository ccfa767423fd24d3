"""How evenly jobs were spread over workers, from when each began, ended, and where. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from controller.queueing.simulation.records import Records
from controller.queueing.simulation.state import Floats, Integers
from loadgen.record import Record


@dataclass(frozen=True, eq=False)
class Work:
    """Jobs that were begun, in the order of beginning: arrays (n,), seconds.

    `finished` is infinite for a job without an end; `worker` counts from 0.
    """

    started: Floats
    finished: Floats
    worker: Integers

    @property
    def workers(self) -> int:
        """That began any."""
        return int(self.worker.max()) + 1

    @property
    def ended(self) -> np.ndarray:
        """Which have an end, (n,)."""
        return np.isfinite(self.finished)


def of_records(records: Sequence[Record]) -> Work | None:
    """Of one run; None where not every job's worker is known, as in records from before they named
    it, or where one worker alone began any."""
    begun = sorted((each for each in records if each.started is not None), key=_start)
    names = sorted({each.worker for each in begun if each.worker is not None})
    if len(names) < 2 or any(each.worker is None for each in begun):
        return None
    ends = [np.inf if each.finished is None else each.finished for each in begun]
    places = [names.index(each.worker or "") for each in begun]
    return Work(np.array([_start(each) for each in begun]), np.array(ends), np.array(places))


def _start(record: Record) -> float:
    return record.started or 0.0


def of_simulation(found: Records) -> Work:
    """Of the jobs that were done."""
    order = np.argsort(np.where(found.done, found.start, np.inf), kind="stable")
    order = order[: int(found.done.sum())]
    return Work(found.start[order], found.finish[order], found.worker[order])


def excess(work: Work) -> Integers:
    """As each job began, (n,): the jobs under way in its worker less those in the least busy other
    one, itself not counted. Above 0 it joined the busier; jobs that begin at once see nothing of
    each other."""
    under_way = np.column_stack([_under_way(work, each) for each in range(work.workers)])
    rows = np.arange(len(work.worker))
    own = under_way[rows, work.worker]
    others = under_way.copy()
    others[rows, work.worker] = len(rows)
    return own - others.min(axis=1)


def _under_way(work: Work, worker: int) -> Integers:
    """Jobs in one worker as each job of all begins, (n,)."""
    here = work.worker == worker
    begun = np.searchsorted(work.started[here], work.started, side="left")
    return begun - np.searchsorted(np.sort(work.finished[here]), work.started, side="right")


def apart(work: Work, spans: int) -> Floats:
    """The time average of the jobs under way in the busiest worker less those in the least busy, in
    each of so many equal spans between the first start and the last; (spans,)."""
    times = np.concatenate([work.started, work.finished])
    change = np.zeros((len(times), work.workers), np.int64)
    rows = np.arange(len(work.worker))
    change[rows, work.worker], change[len(rows) + rows, work.worker] = 1, -1
    order = np.argsort(times, kind="stable")
    order = order[np.isfinite(times[order])]
    times, counts = times[order], change[order].cumsum(axis=0)
    difference = (counts.max(axis=1) - counts.min(axis=1)).astype(float)
    area = np.concatenate([[0.0], np.cumsum(difference[:-1] * np.diff(times))])
    edges = np.linspace(work.started[0], work.started[-1], spans + 1)
    return np.diff(np.interp(edges, times, area)) / np.diff(edges)


def company(work: Work) -> tuple[Floats, Floats]:
    """Beside each job that ended, on average over its own time: the others in its worker, and those
    in other workers; (ended,) each, in the order of beginning."""
    own, other = np.zeros(len(work.worker)), np.zeros(len(work.worker))
    for worker in range(work.workers):
        here, asked = work.worker == worker, (work.worker == worker) & work.ended
        own[asked] = _beside(work, asked, here) - 1  # itself
        other[asked] = _beside(work, asked, ~here)
    return own[work.ended], other[work.ended]


def _beside(work: Work, asked: np.ndarray, others: np.ndarray) -> Floats:
    """How many of `others` were under way on average over the time of each of `asked`."""
    begin = np.maximum(work.started[asked, None], work.started[others])
    end = np.minimum(work.finished[asked, None], work.finished[others])
    together = np.clip(end - begin, 0, None).sum(axis=1)
    return together / (work.finished - work.started)[asked]
