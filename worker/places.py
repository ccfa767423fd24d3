"""A limited number of places, and the order in which those who wait for one get it."""

import heapq
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

POLL_SECONDS = 0.1


class Places:
    """So many at a time; of those who wait, the lowest rank first, then whoever came first."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._changed = threading.Condition()
        self._arrivals = itertools.count()
        self._waiting: list[tuple[int, int]] = []

    @contextmanager
    def taken(self, rank: int, interrupted: Callable[[], BaseException | None]) -> Iterator[None]:
        """Hold a place; raises what `interrupted` returns, asked while waiting."""
        self._take(rank, interrupted)
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _take(self, rank: int, interrupted: Callable[[], BaseException | None]) -> None:
        with self._changed:
            mine = (rank, next(self._arrivals))
            heapq.heappush(self._waiting, mine)
            try:
                while not (self._free and self._waiting[0] == mine):
                    if (reason := interrupted()) is not None:
                        raise reason
                    self._changed.wait(POLL_SECONDS)
                self._free -= 1
            finally:
                self._waiting.remove(mine)
                heapq.heapify(self._waiting)
                self._changed.notify_all()
