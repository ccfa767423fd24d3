"""Looks at a gateway's policy while it is driven, and keeps how its levels changed."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from loadgen import level_changes
from loadgen.clock import ServerClock
from loadgen.level_changes import Incomplete, LevelLog
from loadgen.steering import Steering

LOOK_SECONDS = 4.0
"""The gateway shows the newest 50 decisions, and a look costs it next to nothing. At its default
pace, every 0.25 s for two queues, a controller makes at most 32 between two looks. A faster one
(STORYTELLER_CONTROLLER_SECONDS) may make more than are shown; LevelLog notices what is missed."""
NO_POLICY = (ValueError, KeyError, TypeError, AttributeError)
"""What reading an answer raises that is not as GET /v1/policy describes it."""
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
    except (aiohttp.ClientError, TimeoutError, *NO_POLICY):
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
    except (Incomplete, OSError) as why:
        print(f"{path.name} is not written: {why}", file=sys.stderr)
