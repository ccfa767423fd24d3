"""Scene i: what the controller's loop costs, and how soon every worker has applied a new level."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TypeVar

import psutil
from redis import Redis

from bench.conditions import Conditions
from bench.contenders.controlled import KINDS, Stage, process, stage, work
from bench.medians import median
from bench.records import Finding, Records, Target
from services.contract import level
from services.contract.connection import server_time
from services.contract.level import Pin

T = TypeVar("T")

SECONDS, QUICK_SECONDS, WARM_SECONDS = 60.0, 4.0, 8.0
"""As long as from one plan to the next under planned rules, so that a plan is in their figure: one
by steps. A search of all thresholds, which comes every 300 s, seldom is: its share is left out."""
CHANGES, QUICK_CHANGES = 50, 5
LISTENERS, PATIENCE = 4, 20.0


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """The loop's cost under rules of each kind, then changes of level one after the other."""
    findings: list[Finding] = []
    with stage() as made:
        for kind in KINDS:
            print(f"the controller's loop under {kind} rules", file=sys.stderr)
            seconds = QUICK_SECONDS if conditions.quick else SECONDS
            share = _cost(made, kind, seconds)
            records.keep("i", "loop", share, kind=kind, unit="CPU s/s", seconds=seconds)
            what = f"processor time of the loop, {kind} rules, of one core"
            findings.append(Finding("i", what, 100 * share, "%", Target("at most", 1.0)))
        print("changes of level, up to the last worker's acknowledgement", file=sys.stderr)
        delays = _delays(made, QUICK_CHANGES if conditions.quick else CHANGES)
    records.keep("i", "acknowledged", delays, listeners=LISTENERS, unit="s")
    what = f"from a new level to the last of {LISTENERS} workers that applied it"
    target = Target("at most", 50.0)
    return [
        *findings,
        Finding("i", f"{what}, median", 1000 * median(delays), "ms", target),
        Finding("i", f"{what}, worst of {len(delays)}", 1000 * max(delays), "ms", target),
    ]


@contextmanager
def _controller(on: Stage, kind: str) -> Iterator[psutil.Process]:
    """A controller that leads, until the end of the block."""
    settings = {"REDIS_URL": on.address, "HOME": on.folder, "POLICY": on.policy(kind)}
    with process("controller", **settings) as started:
        _until(lambda: level.read(on.redis, "images"), "the controller put a level in force")
        yield psutil.Process(started.pid)


def _cost(on: Stage, kind: str, seconds: float) -> float:
    """Processor seconds a second of the whole process, while jobs come and end in both queues."""
    with _controller(on, kind) as controller:
        work(on.redis, WARM_SECONDS)
        before, begun = _spent(controller), time.monotonic()
        work(on.redis, seconds)
        return (_spent(controller) - before) / (time.monotonic() - begun)


def _spent(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system


def _delays(on: Stage, changes: int) -> list[float]:
    """Seconds from each change to the last acknowledgement, by the clock of Redis."""
    names = [f"worker-{number}" for number in range(LISTENERS)]
    with ExitStack() as stack:
        stack.enter_context(_controller(on, "threshold"))
        for name in names:
            arguments = (on.address, "images", name, str(on.policy("threshold")))
            stack.enter_context(process("bench.contenders.listener", *arguments))
        _pin(on.redis, "balanced")
        _until(lambda: _followed(on.redis, "balanced", names), "every listener hears")
        return [
            _change(on.redis, ("fast", "quality")[number % 2], names) for number in range(changes)
        ]


def _pin(redis: Redis, name: str) -> None:
    level.pin(redis, "images", Pin(name, "bench", "", time.time() + 600), seconds=600)


def _change(redis: Redis, name: str, listeners: list[str]) -> float:
    _pin(redis, name)
    done_at = _until(lambda: _followed(redis, name, listeners), f"every worker applied {name}")
    state = level.read(redis, "images")
    if state is None:
        raise RuntimeError("the level went out of force")
    return done_at - state.since


def _followed(redis: Redis, name: str, listeners: list[str]) -> float:
    """When every listener was seen to have applied this level; 0 while one has not."""
    state, applied = level.read(redis, "images"), level.applied(redis)
    if state is None or state.level.name != name:
        return 0.0
    return server_time(redis) * all(applied.get(each) == state.version for each in listeners)


def _until(condition: Callable[[], T], what: str) -> T:
    """The first true value of a condition that is asked every millisecond."""
    deadline = time.monotonic() + PATIENCE
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {PATIENCE:g} s still not: {what}")
        time.sleep(0.001)
    return value
