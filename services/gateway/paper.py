"""The sizes that the image workers draw, asked for at most once a second."""

import threading
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
        self._gate = threading.Lock()
        self._known: Sizes | None = None
        self._read_at = float("-inf")

    def sizes(self) -> Sizes | None:
        """What every live image worker can draw; None while none is known."""
        with self._gate:
            if self._clock() - self._read_at >= FRESH_SECONDS:
                self._known = sizes.known(self._redis)
                self._read_at = self._clock()
            return self._known
