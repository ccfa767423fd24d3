"""The sizes that the image workers draw, asked for again after a second."""

import time
from collections.abc import Callable
from typing import Any

from services.contract import sizes
from services.contract.sizes import Sizes

FRESH_SECONDS = 1.0


class Paper:
    """Remembers the answer for FRESH_SECONDS; any thread may ask."""

    def __init__(self, redis: Any, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis
        self._clock = clock
        self._answer: tuple[Sizes | None, float] = None, float("-inf")

    def sizes(self) -> Sizes | None:
        """What every live image worker can draw; None while none is known."""
        now = self._clock()
        known, read_at = self._answer
        if now - read_at < FRESH_SECONDS:
            return known
        # Not under a lock: while Redis is slow, each request would wait for those before it.
        known = sizes.known(self._redis)
        self._answer = known, now
        return known
