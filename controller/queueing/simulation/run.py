"""One run of a scenario: at full speed by its table, or with a callback at every tick."""

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

import numpy as np

from controller.queueing.refusal import BadInput
from controller.queueing.simulation import kernel
from controller.queueing.simulation.draws import Draws, draw
from controller.queueing.simulation.planner import LOOK_SECONDS, Replanning, Tables
from controller.queueing.simulation.records import Records, record
from controller.queueing.simulation.scenario import Routing, Scenario
from controller.queueing.simulation.state import (
    Floats,
    Rules,
    World,
    new_jobs,
    new_log,
    new_pool,
    new_system,
    roomier,
)

ROUTINGS: dict[Routing, int] = {
    "shared": kernel.SHARED,
    "jsq": kernel.SHORTEST,
    "power-of-two": kernel.TWO_CHOICES,
    "random": kernel.RANDOM,
    "round-robin": kernel.ROUND_ROBIN,
}
LEAST_ROOM = 1024
LARGEST = 2**62


class View(NamedTuple):
    """What a controller sees at a tick; times in seconds.

    `oldest_age` is that of the oldest waiting job, 0 where none waits; `since` is when the level
    was entered, -inf if never changed. `records` so far: its first `arrived` jobs have arrived.
    """

    now: float
    waiting: int
    running: int
    oldest_age: float
    level: int
    since: float
    arrived: int
    records: Records

    @property
    def depth(self) -> int:
        """Outstanding jobs."""
        return self.waiting + self.running


Choose = Callable[[View], int]
"""The level to be in force from now on."""


def simulate(scenario: Scenario, seed: int) -> Records:
    """Run until every job has left; the same seed gives the same records."""
    world = _begin(scenario, draw(scenario, seed), ticking=True)
    if scenario.switching.replanning is not None:
        world = _planned_anew(world, scenario.switching.replanning)
    while not kernel.advance(world, np.inf):
        world = roomier(world)
    return record(world)


def simulate_with(scenario: Scenario, seed: int, choose: Choose) -> Records:
    """The same with `choose` called every `switching.period` seconds in place of the table.

    Dwell and plans are the callback's own affair. Raises BadInput without a period.
    """
    period = scenario.switching.period
    if period is None:
        raise BadInput("a callback is called at ticks: give the switching a period")
    world = _begin(scenario, draw(scenario, seed), ticking=False)
    for tick in count(1):
        world = _until(world, tick * period)
        if _over(world):
            break
        level = choose(_view(world, tick * period))
        if level != world.system[0]["level"]:
            world.system[0]["now"] = tick * period
            kernel.enter(world, level)
    return record(world)


def _planned_anew(world: World, replanning: Replanning) -> World:
    """Until every job has left; between two looks the loop runs at full speed by its tables."""
    progress = replanning.begin()
    for look in count(1):
        world = _until(_obeying(world, progress.tables), look * LOOK_SECONDS)
        if _over(world):
            break
        progress = replanning.look(progress, _accepted(world), look * LOOK_SECONDS)
    return world


def _obeying(world: World, tables: Tables) -> World:
    return world._replace(rules=world.rules._replace(**tables._asdict()))


def _accepted(world: World) -> int:
    """Of the jobs that have arrived; the live counter does not count those that are refused."""
    arrived = int(world.system[0]["arrived"])
    if world.rules.capacity == LARGEST:
        return arrived
    return arrived - int(np.count_nonzero(world.jobs.status[:arrived] == kernel.LOST))


def _until(world: World, time: float) -> World:
    """Everything by then has happened, and the log has room for a change."""
    while not kernel.advance(world, time):
        world = roomier(world)
    return world if world.system[0]["switches"] < len(world.log.time) else roomier(world)


def _over(world: World) -> bool:
    system = world.system[0]
    return bool(system["arrived"] == len(world.jobs.arrival) and system["depth"] == 0)


def _view(world: World, now: float) -> View:
    system, running = world.system[0], int(world.pool.busy.sum())
    oldest, arrived = kernel.oldest(world), int(system["arrived"])
    age = now - float(world.jobs.arrival[oldest]) if oldest < arrived else 0.0
    standing = int(system["level"]), float(system["since"])
    return View(
        now, int(system["depth"]) - running, running, age, *standing, arrived, record(world)
    )


def _begin(scenario: Scenario, draws: Draws, *, ticking: bool) -> World:
    level = scenario.switching.initial
    # A level that follows every job changes as often as jobs leave; memory not touched is free.
    log = new_log(max(LEAST_ROOM, len(draws.arrival)))
    log.level[0] = level
    world = World(
        system=new_system(level),
        jobs=new_jobs(*draws),
        pool=new_pool(scenario.workers, _slowdown(scenario, len(draws.arrival))),
        rules=_rules(scenario, ticking=ticking),
        log=log,
    )
    world.system["switches"] = 1
    return world


def _slowdown(scenario: Scenario, jobs: int) -> Floats:
    """Of 0 to cap jobs together, by level; no more places than there can be jobs."""
    cap = max(1, min(scenario.law.cap, jobs, scenario.capacity or jobs))
    together = np.arange(cap + 1.0)
    together[0] = 1
    return np.array([law.slowdown(together) for law in scenario.laws])


def _rules(scenario: Scenario, *, ticking: bool) -> Rules:
    switching = scenario.switching
    by_clock = ticking and switching.period is not None
    return Rules(
        table=np.ascontiguousarray(switching.table, np.int64),
        impatient=np.ascontiguousarray(
            switching.table if switching.impatient is None else switching.impatient, np.int64
        ),
        patience=np.inf if switching.patience is None else float(switching.patience),
        period=float(switching.period) if by_clock else np.inf,
        dwell=float(switching.dwell),
        at_events=switching.period is None and len(switching.table) > 1,
        at_arrival=switching.moment == "arrival",
        retime=switching.retime,
        routing=ROUTINGS[scenario.routing],
        capacity=LARGEST if scenario.capacity is None else scenario.capacity,
        deadline=np.inf if scenario.deadline is None else float(scenario.deadline),
    )
