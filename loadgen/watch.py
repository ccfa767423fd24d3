"""Looks at a gateway's policy while it is driven, and keeps how its levels changed."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from loadgen import level_changes
from loadgen.clock import ServerClock
from loadgen.intensity import BadLoad
from loadgen.level_changes import Incomplete, LevelLog
from loadgen.steering import Steering

LOOK_SECONDS = 4.0
"""The gateway shows the newest 50 decisions. A controller makes at most 8 a second, for two queues
four times a second each: so none is missed, and a look costs the gateway next to nothing."""
TIMEOUT = aiohttp.ClientTimeout(total=10)


@asynccontextmanager
async def watched(url: str, clock: ServerClock, records: Path) -> AsyncIterator[None]:
    """Save the level changes of what is driven meanwhile beside its records. Where they are not
    known in full nothing is saved, and a line on stderr says why: that spoils no run."""
    path = level_changes.beside(records)
    path.unlink(missing_ok=True)
    async with aiohttp.ClientSession(timeout=TIMEOUT) as session:
        steering, log = Steering(url, session), LevelLog()
        known = await _look(steering, log)
        looking = asyncio.create_task(_keep_looking(steering, log))
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
            known = known and await _look(steering, log)
            _save(path, log, clock, known)


async def _look(steering: Steering, log: LevelLog) -> bool:
    try:
        log.hear(await steering.policy())
    except (aiohttp.ClientError, TimeoutError, BadLoad, KeyError, TypeError):
        return False
    return True


async def _keep_looking(steering: Steering, log: LevelLog) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        await _look(steering, log)


def _save(path: Path, log: LevelLog, clock: ServerClock, known: bool) -> None:
    try:
        if not known:
            raise Incomplete("the gateway did not show its policy before and after the run")
        if not clock.known:
            raise Incomplete("no job ended, so the server's clock is not known")
        level_changes.save(path, log.changes(clock.here))
    except Incomplete as why:
        print(f"{path.name} is not written: {why}", file=sys.stderr)
