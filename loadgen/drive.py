"""Sends a schedule at its due times, however slow the answers are, and records what happens."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import aiohttp

from loadgen.follow import Follower
from loadgen.record import TIMEOUT, Record
from loadgen.target import Target
from loadgen.workload import Arrival

Tell = Callable[[Record], None]


@dataclass(frozen=True)
class Terms:
    """How to drive: `patience` seconds after the last request for what is still outstanding;
    at most `max_concurrency` requests outstanding (None: as many as come; a bound makes the load
    partly closed); the first `warmup` requests are marked as such."""

    patience: float = 600.0
    max_concurrency: int | None = None
    request_timeout: float = 60.0
    warmup: int = 0


class Drive:
    """One run. `tell` hears each record whenever it changes, `done` each final one."""

    def __init__(self, target: Target, terms: Terms, *, tell: Tell, done: Tell) -> None:
        self._target = target
        self._terms = terms
        self._tell = tell
        self._done = done
        self._open: dict[int, Record] = {}

    async def run(self, schedule: Sequence[Arrival]) -> None:
        """Send everything and wait for the ends. Cancelled, it records what is outstanding."""
        loop = asyncio.get_running_loop()
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=self._terms.request_timeout)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            self._session, self._start = session, loop.time()
            self._follower = Follower(self._target, session)
            self._room = asyncio.Semaphore(self._terms.max_concurrency or len(schedule) or 1)
            following = asyncio.create_task(self._follower.run())
            try:
                await self._all(schedule)
            finally:
                following.cancel()
                self._give_up()

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - self._start

    async def _all(self, schedule: Sequence[Arrival]) -> None:
        tasks = []
        try:
            for arrival in schedule:
                await asyncio.sleep(arrival.due - self._now())
                tasks.append(asyncio.create_task(self._one(arrival)))
            if tasks:
                await asyncio.wait(tasks, timeout=self._terms.patience)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):
                raise end

    async def _one(self, arrival: Arrival) -> None:
        record = Record(
            number=arrival.number,
            kind=arrival.request["kind"],
            due=arrival.due,
            warmup=arrival.number < self._terms.warmup,
        )
        self._note(record)
        async with self._room:
            record = await self._submitted(replace(record, sent=self._now()), arrival)
            self._note(record)
            if record.status == "accepted":
                record = await self._follower.follow(record)
        self._finish(record)

    async def _submitted(self, record: Record, arrival: Arrival) -> Record:
        self._note(record)
        try:
            answer = await self._target.submit(self._session, arrival)
        except (aiohttp.ClientError, TimeoutError) as error:
            return replace(record, error=f"{type(error).__name__}: {error}")
        record = answer.noted(record)
        if answer.job:
            return replace(record, accepted=self._now())
        if answer.result:
            now = self._now()
            return replace(record, accepted=now, finished=now, first_picture=now, **answer.result)
        return record

    def _note(self, record: Record) -> None:
        self._open[record.number] = record
        self._tell(record)

    def _finish(self, record: Record) -> None:
        self._open.pop(record.number, None)
        self._tell(record)
        self._done(record)

    def _give_up(self) -> None:
        for record in list(self._open.values()):
            ended = f"not finished {self._now() - record.due:.0f} s after it was due"
            self._finish(replace(record, status=TIMEOUT, error=ended))
