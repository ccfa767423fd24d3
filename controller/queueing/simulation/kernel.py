"""The event loop: arrivals, departures, deadlines and ticks of the clock, in the order of time.

Everything compiled is in this file, because numba's cache of a function notices changes in the
function's own file alone. `state.py` says what the arrays hold. Of events at the same moment,
departures go first, then deadlines, arrivals, and the tick last.

A worker's clocks are brought up to date only when its company changes, or the level where that
re-times, so stopping the loop between two events changes no result by a single bit.
"""

from typing import Any

import numpy as np
from numba import njit

RUNNING, WAITING, FINISHED, LATE, LOST, DROPPED = range(6)
SHARED, SHORTEST, TWO_CHOICES, RANDOM, ROUND_ROBIN = range(5)

# Nothing here allocates, so numba need not count references (`_nrt`): with thirty arrays that is
# most of the time. Inlining is another threefold. A division by 0 gives inf or NaN, as in numpy.
_whole = njit(cache=True, _nrt=False, error_model="numpy")
_part = njit(cache=True, inline="always", _nrt=False, error_model="numpy")


@_whole
def advance(world: Any, until: float) -> bool:
    """Let everything happen up to and including a time; False when the log of levels is full."""
    system = world.system[0]
    while system.switches < len(world.log.time):
        if not _step(world, until):
            return True
    return False


@_part
def enter(world: Any, level: int) -> None:
    """Put a level in force now. The log must have room."""
    system = world.system[0]
    system.level, system.since = level, system.now
    world.log.time[system.switches] = system.now
    world.log.level[system.switches] = level
    system.switches += 1
    if world.rules.retime:
        _retime(world)


@_part
def oldest(world: Any) -> int:
    """The job that has waited longest; the next to arrive where none waits."""
    system, status = world.system[0], world.jobs.status
    while system.oldest < system.arrived and status[system.oldest] != WAITING:
        system.oldest += 1
    return system.oldest


@_part
def _step(world: Any, until: float) -> bool:
    """The next event, if there is one by then."""
    system, times = world.system[0], world.jobs.arrival
    arrival = times[system.arrived] if system.arrived < len(times) else np.inf
    departure, deadline = system.due, _deadline(world)
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
def _deadline(world: Any) -> float:
    arrived, deadline = world.system[0].arrived, world.rules.deadline
    job = oldest(world) if deadline < np.inf else arrived
    return world.jobs.arrival[job] + deadline if job < arrived else np.inf


@_part
def _arrive(world: Any, job: int) -> None:
    system, jobs, pool = world.system[0], world.jobs, world.pool
    system.arrived += 1
    if system.depth >= world.rules.capacity:
        jobs.status[job] = LOST
        return
    system.depth += 1
    if world.rules.at_events:
        _evaluate(world)
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
    if world.rules.at_events:
        _evaluate(world)
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
    if world.rules.at_events:
        _evaluate(world)


@_part
def _evaluate(world: Any) -> None:
    """Go where the table says, unless the level was changed less than a dwell ago."""
    system, rules = world.system[0], world.rules
    job = oldest(world) if rules.patience < np.inf else system.arrived
    age = system.now - world.jobs.arrival[job] if job < system.arrived else 0.0
    table = rules.impatient if age > rules.patience else rules.table
    target = table[system.level, min(system.depth, table.shape[1] - 1)]
    if target != system.level and system.now - system.since >= rules.dwell:
        enter(world, target)


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
    return other if busy[other] + waiting[other] < busy[one] + waiting[one] else one


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
    pool.members[worker, slot], jobs.opens[job] = job, slot == 0
    done = pool.progress[worker, _clock(world, job)]
    pool.target[worker, slot] = done + jobs.work[job, jobs.level[job]]
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
    if last > 0:
        _bring_up_to_date(world, worker)
        pool.progress[worker, _clock(world, job)] = pool.target[worker, slot]
    pool.updated[worker] = system.now
    pool.members[worker, slot] = pool.members[worker, last]
    pool.target[worker, slot] = pool.target[worker, last]
    pool.busy[worker] = last
    _find_leader(world, worker)


@_part
def _bring_up_to_date(world: Any, worker: int) -> None:
    """A worker that is empty begins anew."""
    now, pool, busy = world.system[0].now, world.pool, world.pool.busy[worker]
    spent = now - pool.updated[worker]
    for clock in range(len(pool.slowdown)):
        done = pool.progress[worker, clock]
        pool.progress[worker, clock] = done + spent / pool.slowdown[clock, busy] if busy else 0.0
    pool.updated[worker] = now


@_whole
def _retime(world: Any) -> None:
    """What is left of each job shrinks as its whole work does at a level where that is less."""
    for worker in range(len(world.pool.busy)):
        _bring_up_to_date(world, worker)
        for slot in range(world.pool.busy[worker]):
            _take_along(world, worker, slot, world.system[0].level)
        _find_leader(world, worker)
    _find_first(world)


@_part
def _take_along(world: Any, worker: int, slot: int, level: int) -> None:
    jobs, pool, job = world.jobs, world.pool, world.pool.members[worker, slot]
    ratio = jobs.work[job, level] / jobs.work[job, jobs.last_level[job]]
    if ratio < 1:
        left = max(0.0, pool.target[worker, slot] - pool.progress[worker, _clock(world, job)])
        jobs.last_level[job] = level
        pool.target[worker, slot] = pool.progress[worker, _clock(world, job)] + left * ratio


@_part
def _clock(world: Any, job: int) -> int:
    return world.pool.clock[world.jobs.last_level[job]] if len(world.pool.slowdown) > 1 else 0


@_part
def _time_left(world: Any, worker: int, slot: int) -> float:
    """Of a job if nobody comes or leaves."""
    pool, clock = world.pool, _clock(world, world.pool.members[worker, slot])
    left = max(0.0, pool.target[worker, slot] - pool.progress[worker, clock])
    return left * pool.slowdown[clock, pool.busy[worker]]


@_part
def _find_leader(world: Any, worker: int) -> None:
    """Which job of a worker is done first if nobody comes, and when; never before now."""
    pool, busy = world.pool, world.pool.busy[worker]
    alike, leader, least = len(pool.slowdown) == 1, 0, np.inf
    for slot in range(busy):
        left = pool.target[worker, slot] if alike else _time_left(world, worker, slot)
        if left < least:
            leader, least = slot, left
    pool.leader[worker] = leader
    pool.due[worker] = pool.updated[worker] + _time_left(world, worker, leader) if busy else np.inf


@_part
def _find_first(world: Any) -> None:
    """Which worker's job is done first of all."""
    system, due = world.system[0], world.pool.due
    system.first = 0
    for worker in range(1, len(due)):
        if due[worker] < due[system.first]:
            system.first = worker
    system.due = due[system.first]
