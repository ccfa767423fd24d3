"""The event loop: arrivals, departures, deadlines and ticks of the clock, in the order of time.

Everything compiled is in this file, because numba's cache of a function notices changes in the
function's own file alone. `state.py` says what the arrays hold. Of events at the same moment,
departures go first, then deadlines, arrivals, and the tick last.

A worker's jobs advance together, so the worker has a clock of its own, `progress`: seconds of work
that a job would have had done since the worker was last empty. It runs at 1/slowdown(b) beside b
jobs, and a job leaves when it reaches the job's `target`. It is brought up to date only when the
company changes, so stopping the loop between two events changes no result by a single bit.
"""

from typing import Any

import numpy as np
from numba import njit

RUNNING, WAITING, FINISHED, LATE, LOST, DROPPED = range(6)
SHARED, SHORTEST, TWO_CHOICES, RANDOM, ROUND_ROBIN = range(5)

# Nothing here allocates, so numba need not count references (`_nrt`): with thirty arrays that is
# most of the time. Inlining is another threefold. A division by 0 gives inf or NaN, as in numpy.
_whole = njit(cache=True, _nrt=False, error_model="numpy")
_part = njit(inline="always", _nrt=False, error_model="numpy")


@_whole
def advance(world: Any, until: float) -> bool:
    """Let everything happen up to and including a time; False when the log of levels is full."""
    system = world.system[0]
    while system.switches < len(world.log.time):
        if not _step(world, until):
            return True
    return False


@_whole
def enter(world: Any, level: int) -> None:
    """Put a level in force now. The log must have room."""
    system = world.system[0]
    system.level, system.since = level, system.now
    world.log.time[system.switches] = system.now
    world.log.level[system.switches] = level
    system.switches += 1
    if world.rules.retime:
        for worker in range(len(world.pool.busy)):
            _retime(world, worker, level)
        _find_first(world)


@_whole
def oldest(world: Any) -> int:
    """The job that has waited longest; the next to arrive where none waits."""
    system, status = world.system[0], world.jobs.status
    while system.oldest < system.arrived and status[system.oldest] != WAITING:
        system.oldest += 1
    return system.oldest


@_part
def _step(world: Any, until: float) -> bool:
    """The next event, if there is one by then."""
    system = world.system[0]
    departure, deadline, arrival = system.due, _deadline(world), _arrival(world)
    event, tick = min(departure, deadline, arrival), (system.ticks + 1) * world.rules.period
    if event == np.inf or min(event, tick) > until:
        return False
    system.now = min(event, tick)
    if tick < event:
        system.ticks += 1
        _evaluate(world)
    elif departure == event:
        _depart(world, system.first)
    elif deadline == event:
        _drop(world, system.oldest)
    else:
        _arrive(world, system.arrived)
    return True


@_part
def _arrival(world: Any) -> float:
    arrived, times = world.system[0].arrived, world.jobs.arrival
    return times[arrived] if arrived < len(times) else np.inf


@_part
def _deadline(world: Any) -> float:
    if world.rules.deadline == np.inf:
        return np.inf
    job = oldest(world)
    waits = job < world.system[0].arrived
    return world.jobs.arrival[job] + world.rules.deadline if waits else np.inf


@_part
def _arrive(world: Any, job: int) -> None:
    system, jobs, pool = world.system[0], world.jobs, world.pool
    system.arrived += 1
    if system.depth >= world.rules.capacity:
        jobs.status[job] = LOST
        return
    system.depth += 1
    _notice(world)
    jobs.level[job] = system.level
    worker = _route(world, job)
    if pool.busy[worker] < pool.members.shape[1]:
        _start(world, job, worker)
        _find_first(world)
    else:
        _enqueue(world, job, 0 if world.rules.routing == SHARED else worker)


@_part
def _depart(world: Any, worker: int) -> None:
    system, pool = world.system[0], world.pool
    _leave(world, worker, pool.leader[worker])
    system.depth -= 1
    _notice(world)
    queue = 0 if world.rules.routing == SHARED else worker
    if pool.waiting[queue] > 0:
        _start(world, _dequeue(world, queue), worker)
    _find_first(world)


@_part
def _drop(world: Any, job: int) -> None:
    """The oldest waiting job of all is the head of its own queue."""
    system, jobs = world.system[0], world.jobs
    _dequeue(world, 0 if world.rules.routing == SHARED else jobs.worker[job])
    jobs.status[job], jobs.finish[job] = DROPPED, system.now
    system.depth -= 1
    _notice(world)


@_part
def _notice(world: Any) -> None:
    if world.rules.at_events:
        _evaluate(world)


@_part
def _evaluate(world: Any) -> None:
    """Go where the table says, unless the level was changed less than a dwell ago."""
    system = world.system[0]
    table = world.rules.impatient if _waits_too_long(world) else world.rules.table
    target = table[system.level, min(system.depth, table.shape[1] - 1)]
    if target != system.level and system.now - system.since >= world.rules.dwell:
        enter(world, target)


@_part
def _waits_too_long(world: Any) -> bool:
    """Whether the oldest waiting job has waited longer than the patience."""
    system, patience = world.system[0], world.rules.patience
    if patience == np.inf:
        return False
    job = oldest(world)
    return job < system.arrived and system.now - world.jobs.arrival[job] > patience


@_part
def _route(world: Any, job: int) -> int:
    """The worker whose turn, luck or short queue it is."""
    system, routing, workers = world.system[0], world.rules.routing, len(world.pool.busy)
    if routing == SHARED:
        return _shortest(world, 0)
    if routing == SHORTEST:
        return _shortest(world, int(world.jobs.lot[job] * workers))
    if routing == RANDOM:
        return int(world.jobs.lot[job] * workers)
    if routing == TWO_CHOICES:
        return _shorter_of_two(world, world.jobs.lot[job])
    system.turn += 1
    return (system.turn - 1) % workers


@_part
def _shortest(world: Any, begin: int) -> int:
    """The worker with the fewest outstanding; the first from `begin` on where some are equal."""
    busy, waiting = world.pool.busy, world.pool.waiting
    best, fewest = begin, busy[begin] + waiting[begin]
    for step in range(1, len(busy)):
        worker = (begin + step) % len(busy)
        if busy[worker] + waiting[worker] < fewest:
            best, fewest = worker, busy[worker] + waiting[worker]
    return best


@_part
def _shorter_of_two(world: Any, lot: float) -> int:
    """Of two different workers, drawn with one uniform number: all ordered pairs are alike."""
    busy, waiting, workers = world.pool.busy, world.pool.waiting, len(world.pool.busy)
    others = max(1, workers - 1)
    pair = int(lot * workers * others)
    one, step = pair // others, pair % others + 1
    other = (one + step) % workers
    if busy[other] + waiting[other] < busy[one] + waiting[one]:
        return other
    return one


@_part
def _enqueue(world: Any, job: int, queue: int) -> None:
    pool, jobs = world.pool, world.jobs
    if pool.waiting[queue] == 0:
        pool.head[queue] = job
    else:
        jobs.behind[pool.tail[queue]] = job
    pool.tail[queue] = job
    pool.waiting[queue] += 1
    jobs.worker[job], jobs.status[job] = queue, WAITING


@_part
def _dequeue(world: Any, queue: int) -> int:
    pool = world.pool
    job = pool.head[queue]
    pool.head[queue] = world.jobs.behind[job]
    pool.waiting[queue] -= 1
    return job


@_part
def _start(world: Any, job: int, worker: int) -> None:
    system, jobs, pool = world.system[0], world.jobs, world.pool
    if not world.rules.at_arrival:
        jobs.level[job] = system.level
    jobs.last_level[job], jobs.worker[job] = jobs.level[job], worker
    jobs.start[job], jobs.status[job] = system.now, RUNNING
    _bring_up_to_date(world, worker)
    slot = pool.busy[worker]
    jobs.opens[job] = slot == 0
    pool.members[worker, slot] = job
    pool.target[worker, slot] = pool.progress[worker] + jobs.work[job, jobs.level[job]]
    pool.busy[worker] += 1
    _find_leader(world, worker)


@_part
def _leave(world: Any, worker: int, slot: int) -> None:
    """The job in a slot is done; the last slot's job takes its place."""
    system, jobs, pool = world.system[0], world.jobs, world.pool
    job, last = pool.members[worker, slot], pool.busy[worker] - 1
    jobs.finish[job], jobs.closes[job] = system.now, last == 0
    late = system.now - jobs.arrival[job] > world.rules.deadline
    jobs.status[job] = LATE if late else FINISHED
    pool.progress[worker] = pool.target[worker, slot] if last > 0 else 0.0
    pool.updated[worker] = system.now
    pool.members[worker, slot] = pool.members[worker, last]
    pool.target[worker, slot] = pool.target[worker, last]
    pool.busy[worker] = last
    _find_leader(world, worker)


@_part
def _bring_up_to_date(world: Any, worker: int) -> None:
    now, pool = world.system[0].now, world.pool
    if pool.busy[worker] > 0:
        spent = now - pool.updated[worker]
        pool.progress[worker] += spent / pool.slowdown[pool.busy[worker]]
    pool.updated[worker] = now


@_part
def _retime(world: Any, worker: int, level: int) -> None:
    """What is left of each job shrinks as its whole work does at a level where that is less."""
    jobs, pool = world.jobs, world.pool
    _bring_up_to_date(world, worker)
    for slot in range(pool.busy[worker]):
        job = pool.members[worker, slot]
        ratio = jobs.work[job, level] / jobs.work[job, jobs.last_level[job]]
        if ratio < 1:
            left = max(0.0, pool.target[worker, slot] - pool.progress[worker])
            pool.target[worker, slot] = pool.progress[worker] + left * ratio
            jobs.last_level[job] = level
    _find_leader(world, worker)


@_part
def _find_leader(world: Any, worker: int) -> None:
    """Which job of a worker is done first if nobody comes, and when; never before now."""
    pool, busy, leader = world.pool, world.pool.busy[worker], 0
    for slot in range(1, busy):
        if pool.target[worker, slot] < pool.target[worker, leader]:
            leader = slot
    left = max(0.0, pool.target[worker, leader] - pool.progress[worker])
    pool.leader[worker] = leader
    pool.due[worker] = pool.updated[worker] + left * pool.slowdown[busy] if busy else np.inf


@_part
def _find_first(world: Any) -> None:
    """Which worker's job is done first of all."""
    system, due = world.system[0], world.pool.due
    first = 0
    for worker in range(1, len(due)):
        if due[worker] < due[first]:
            first = worker
    system.first, system.due = first, due[first]
