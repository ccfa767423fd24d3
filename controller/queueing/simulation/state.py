"""The arrays that the event loop works on."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Bytes = NDArray[np.int8]

SYSTEM = np.dtype(
    [
        ("now", "f8"),
        ("since", "f8"),  # when the level in force was entered
        ("due", "f8"),  # the next departure of all
        ("first", "i8"),  # the worker of that departure
        ("arrived", "i8"),
        ("depth", "i8"),  # waiting and running
        ("level", "i8"),
        ("switches", "i8"),
        ("ticks", "i8"),
        ("oldest", "i8"),  # no job before this one waits
        ("turn", "i8"),  # of round robin
    ]
)


class Jobs(NamedTuple):
    """One entry a job, in the order of arrival; times in seconds. `work` is (jobs, levels)."""

    arrival: Floats
    work: Floats
    lot: Floats
    start: Floats
    finish: Floats
    level: Bytes
    last_level: Bytes
    status: Bytes
    worker: Integers
    behind: Integers
    opens: Bytes
    closes: Bytes


class Pool(NamedTuple):
    """The workers, one row each, and their queues; a shared queue is that of worker 0.

    Jobs at one level advance together, so a worker has a clock for all levels that company slows
    alike: `progress`, (workers, clocks), seconds of work that a job would have had done since the
    worker was last empty, as reached at `updated`. Among b jobs it runs at 1/slowdown[clock, b],
    and a job leaves when the `clock` of its level reaches its `target`. `members` and `target` are
    (workers, cap), the first `busy` of a row in use; `leader` is the slot that is done first, at
    `due`.
    """

    members: Integers
    target: Floats
    busy: Integers
    leader: Integers
    progress: Floats
    updated: Floats
    due: Floats
    slowdown: Floats
    clock: Integers
    head: Integers
    tail: Integers
    waiting: Integers


class Rules(NamedTuple):
    """What does not change while the loop runs. Without a limit: inf, or the largest integer."""

    table: Integers
    impatient: Integers
    patience: float
    period: float
    dwell: float
    at_events: bool
    at_arrival: bool
    retime: bool
    routing: int
    capacity: int
    deadline: float


class Log(NamedTuple):
    """The levels put in force, and when."""

    time: Floats
    level: Bytes


class World(NamedTuple):
    """All of it; `system` has one row of SYSTEM."""

    system: NDArray[np.void]
    jobs: Jobs
    pool: Pool
    rules: Rules
    log: Log


def new_jobs(arrival: Floats, work: Floats, lot: Floats) -> Jobs:
    """Jobs of which none has arrived: (n,), (n, levels), (n,)."""
    count = len(arrival)
    never = [np.full(count, np.nan) for _ in range(2)]
    small = [np.zeros(count, np.int8) for _ in range(3)]
    large = [np.zeros(count, np.int64) for _ in range(2)]
    edges = [np.zeros(count, np.int8) for _ in range(2)]
    return Jobs(arrival, work, lot, *never, *small, *large, *edges)


def new_pool(workers: int, slowdown: Floats) -> Pool:
    """Idle workers; `slowdown` is (levels, cap + 1), and levels with the same share a clock."""
    slots = (workers, slowdown.shape[1] - 1)
    different = {each.tobytes(): each for each in slowdown}
    clock = [list(different).index(each.tobytes()) for each in slowdown]
    return Pool(
        members=np.empty(slots, np.int64),
        target=np.empty(slots),
        busy=np.zeros(workers, np.int64),
        leader=np.zeros(workers, np.int64),
        progress=np.zeros((workers, len(different))),
        updated=np.zeros(workers),
        due=np.full(workers, np.inf),
        slowdown=np.array(list(different.values())),
        clock=np.array(clock, np.int64),
        head=np.zeros(workers, np.int64),
        tail=np.zeros(workers, np.int64),
        waiting=np.zeros(workers, np.int64),
    )


def new_system(level: int) -> NDArray[np.void]:
    """Nothing has happened; the first change of level need not wait for a dwell."""
    system = np.zeros(1, SYSTEM)
    system["since"], system["due"], system["level"] = -np.inf, np.inf, level
    return system


def new_log(room: int) -> Log:
    """Room for so many changes."""
    return Log(np.zeros(room), np.zeros(room, np.int8))


def roomier(world: World) -> World:
    """The same with twice the room in its log."""
    time, level = world.log
    log = Log(np.concatenate([time, np.zeros_like(time)]), np.concatenate([level, level * 0]))
    return world._replace(log=log)
