"""Scene j: how much later than due the load generator sends, at 200 requests a second.

Beside it, on the same core and the same schedule, an event loop that wakes up and sends nothing:
what is left between the two is the generator's own.
"""

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.conditions import ROOT, Conditions
from bench.medians import interleaved, median, percentile
from bench.records import Finding, Records, Target
from loadgen.arrivals import Extent, times
from loadgen.intensity import constant

RATE, SEED, REPEATS = 200.0, 1, 5
SECONDS, QUICK_SECONDS, PATIENCE = 15.0, 2.0, 20.0


def run(conditions: Conditions, records: Records) -> list[Finding]:
    """The 99th percentile of the lag, by both, in milliseconds."""
    seconds = QUICK_SECONDS if conditions.quick else SECONDS
    core = min(os.sched_getaffinity(0))
    print(f"the generator and an empty loop in turns, {seconds:g} s each", file=sys.stderr)
    with _gateway(core) as url:
        lags = interleaved(
            {
                "generator": lambda: _generator(url, core, seconds),
                "empty loop": lambda: _empty_loop(core, seconds),
            },
            conditions.repeats(REPEATS),
        )
    for contender, values in lags.items():
        records.keep("j", "lag p99", values, contender=contender, unit="s", rate=RATE)
    what = f"lag p99 at {RATE:g} requests/s on one core"
    ours, empty = (1000 * median(lags[name]) for name in ("generator", "empty loop"))
    return [
        Finding("j", f"{what}, the generator", ours, "ms", Target("at most", 5.0)),
        Finding("j", f"{what}, a loop that sends nothing", empty, "ms"),
    ]


@contextmanager
def _gateway(core: int) -> Iterator[str]:
    """A gateway that is done at once, on the other cores if there are any."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "bench.contenders.instant_gateway", str(port)]
    with subprocess.Popen(command, cwd=ROOT) as started:
        os.sched_setaffinity(started.pid, os.sched_getaffinity(0) - {core} or {core})
        try:
            _wait(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            started.terminate()


def _wait(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def _generator(url: str, core: int, seconds: float) -> float:
    """The lag's 99th percentile in seconds, of the command as its users run it."""
    load = ["--request-rate", f"{RATE:g}", "--duration", f"{seconds:g}", "--seed", str(SEED)]
    command = [sys.executable, "-m", "loadgen", "run", "--url", url, *load, "--quiet", "--json"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as running:
        os.sched_setaffinity(running.pid, {core})
        said, _ = running.communicate()
    if running.returncode != 0:
        raise RuntimeError(f"the generator ended with {running.returncode}: {said}")
    return json.loads(said.splitlines()[-1])["lag_p99"]


def _empty_loop(core: int, seconds: float) -> float:
    """The same of a loop that does nothing when a request is due."""
    due = times(constant(RATE), Extent(seconds=seconds), random.Random(SEED))
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        return percentile(asyncio.run(_late(due)), 99)
    finally:
        os.sched_setaffinity(0, before)


async def _late(due: list[float]) -> list[float]:
    loop = asyncio.get_running_loop()
    start, late = loop.time(), []
    for moment in due:
        await asyncio.sleep(moment - (loop.time() - start))
        late.append(loop.time() - start - moment)
    return late
