"""How much of a worker's time a job took, when the worker does several at once."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from services.contract.transitions import Service


class Sharing:
    """Splits time evenly among what is under way, as a processor that all of it shares.

    A job of several pictures counts as so many. The shares of all jobs add up to the time the
    worker was busy, so that pictures × mean share of one is how long a queue keeps it busy, however
    many it does at once.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._gate = threading.Lock()
        self._under_way = 0
        self._at = clock()
        self._share = 0.0

    @contextmanager
    def part(self, units: int = 1) -> Iterator[Callable[[], Service]]:
        """Take part for the length of the block; the callable says the time so far."""
        begun, at = self._move(units), self._clock()
        try:
            yield lambda: Service(units * (self._move(0) - begun), self._clock() - at)
        finally:
            self._move(-units)

    def _move(self, change: int) -> float:
        """What a picture or story that was always there would have had so far."""
        with self._gate:
            now = self._clock()
            if self._under_way:
                self._share += (now - self._at) / self._under_way
            self._at = now
            self._under_way += change
            return self._share
