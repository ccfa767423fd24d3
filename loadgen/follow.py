"""Looks after all accepted jobs from one coroutine, thousands at a time."""

import asyncio
import heapq
import itertools

import aiohttp

from loadgen.record import Record
from loadgen.target import Target

LOOKS_A_SECOND = 200.0
"""Most looks at jobs: what is measured must not be slowed down by being watched. When a job ended
is in its record, so a late look changes no figure."""

Ended = asyncio.Future[Record]


class Follower:
    """Asks for each job about when it should be done, until it is."""

    def __init__(self, target: Target, session: aiohttp.ClientSession) -> None:
        self._target = target
        self._session = session
        self._heap: list[tuple[float, int, Record, Ended]] = []
        self._order = itertools.count()
        self._news = asyncio.Event()
        self._clock = asyncio.get_running_loop().time

    def follow(self, record: Record) -> Ended:
        """A future of the finished record."""
        ended: Ended = asyncio.get_running_loop().create_future()
        self._push(record, ended, record.eta or 0.0)
        return ended

    def _push(self, record: Record, ended: Ended, seconds: float) -> None:
        # With many outstanding nobody is looked at more often than their fair share allows.
        fair = len(self._heap) / LOOKS_A_SECOND
        at = self._clock() + max(seconds, min(fair, 5.0))
        heapq.heappush(self._heap, (at, next(self._order), record, ended))
        self._news.set()

    async def run(self) -> None:
        """Look, and look again; until cancelled."""
        while True:
            await self._next_due()
            _, _, record, ended = heapq.heappop(self._heap)
            started = self._clock()
            await self._look(record, ended)
            await asyncio.sleep(max(0.0, 1 / LOOKS_A_SECOND - (self._clock() - started)))

    async def _next_due(self) -> None:
        while not self._heap or self._heap[0][0] > self._clock():
            self._news.clear()
            wait = self._heap[0][0] - self._clock() if self._heap else None
            try:
                await asyncio.wait_for(self._news.wait(), wait)
            except TimeoutError:
                return

    async def _look(self, record: Record, ended: Ended) -> None:
        try:
            found, again = await self._target.look(self._session, record)
        except (aiohttp.ClientError, TimeoutError):
            found, again = None, 1.0  # an outage of the gateway loses no job
        if ended.done():
            return
        if found is None:
            self._push(record, ended, again)
        else:
            ended.set_result(found)
