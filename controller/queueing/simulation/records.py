"""What became of every job, and of the level."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from controller.queueing.simulation import kernel
from controller.queueing.simulation.state import Bytes, Floats, Integers, World


class Status(IntEnum):
    """How a job ended; the first two only in a simulation that is under way."""

    RUNNING = kernel.RUNNING
    WAITING = kernel.WAITING
    FINISHED = kernel.FINISHED
    LATE = kernel.LATE
    LOST = kernel.LOST
    DROPPED = kernel.DROPPED


@dataclass(frozen=True, eq=False)
class Records:
    """Arrays with one entry a job, in the order of arrival; times in seconds.

    `level` is that of the start, `last_level` that of the end. `start` is NaN for the lost and the
    dropped, `finish` is NaN for the lost and the time of leaving for the dropped. `opens` marks a
    job that found its worker idle, `closes` one that left it idle.
    `switch_time[0]` is 0 with the initial level; the rest are the changes.
    """

    arrival: Floats
    start: Floats
    finish: Floats
    level: Bytes
    last_level: Bytes
    worker: Integers
    status: Bytes
    opens: NDArray[np.bool_]
    closes: NDArray[np.bool_]
    switch_time: Floats
    switch_level: Bytes
    workers: int
    levels: int

    @property
    def done(self) -> NDArray[np.bool_]:
        """Finished, late or not."""
        return (self.status == Status.FINISHED) | (self.status == Status.LATE)

    @property
    def response(self) -> Floats:
        """Seconds from arrival to finish; NaN for jobs that were not done."""
        return np.where(self.done, self.finish - self.arrival, np.nan)

    @property
    def wait(self) -> Floats:
        """Seconds from arrival to start; NaN for jobs that did not start."""
        return self.start - self.arrival

    @property
    def end(self) -> float:
        """When the last job left; 0 where there were none."""
        left = self.finish[self.status != Status.LOST]
        return float(left.max()) if len(left) else 0.0

    def depth(self, times: Floats) -> Integers:
        """Jobs outstanding at each time, for plots; an event at that moment has happened."""
        accepted = self.status != Status.LOST
        came = np.searchsorted(self.arrival[accepted], times, side="right")
        return came - np.searchsorted(np.sort(self.finish[accepted]), times, side="right")

    def level_at(self, times: Floats) -> Bytes:
        """The level in force at each time."""
        return self.switch_level[np.searchsorted(self.switch_time, times, side="right") - 1]

    def residency(self, begin: float, end: float) -> Floats:
        """The share of that time in which each level was in force, (levels,)."""
        edges = np.clip(np.append(self.switch_time, np.inf), begin, end)
        seconds = np.bincount(self.switch_level, np.diff(edges), minlength=self.levels)
        return seconds / (end - begin)

    def depth_seconds(self, begin: float, end: float) -> float:
        """The integral of the depth over that time, job-seconds."""
        accepted = self.status != Status.LOST
        return _overlap(self.arrival[accepted], self.finish[accepted], begin, end)

    def busy_seconds(self, begin: float, end: float) -> float:
        """Worker-seconds of that time with a job in the worker."""
        return _overlap(self.start[self.opens], self.finish[self.closes], begin, end)


def _overlap(starts: Floats, ends: Floats, begin: float, end: float) -> float:
    """Seconds of the intervals within that time; their starts and ends need not be paired."""
    return float(np.clip(ends, begin, end).sum() - np.clip(starts, begin, end).sum())


def record(world: World) -> Records:
    """What the arrays say, without copying them."""
    jobs, switches = world.jobs, int(world.system[0]["switches"])
    return Records(
        *(jobs.arrival, jobs.start, jobs.finish, jobs.level, jobs.last_level),
        *(jobs.worker, jobs.status, jobs.opens.view(bool), jobs.closes.view(bool)),
        switch_time=world.log.time[:switches],
        switch_level=world.log.level[:switches],
        workers=len(world.pool.busy),
        levels=jobs.work.shape[1],
    )
