"""How many calls may hold a thread at once, so that ordinary calls always find one."""

import threading


class Place:
    """The right to hold a thread; giving it back twice is harmless."""

    def __init__(self, places: "Places") -> None:
        self._places: Places | None = places
        self._lock = threading.Lock()

    def release(self) -> None:
        """Give the place back."""
        with self._lock:
            places, self._places = self._places, None
        if places is not None:
            places.give_back()


class Places:
    """A fixed number of places."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self._free = threading.BoundedSemaphore(capacity)

    def take(self) -> Place | None:
        """A place, or None when all are taken; never waits."""
        return Place(self) if self._free.acquire(blocking=False) else None

    def give_back(self) -> None:
        """One place more; called by a `Place`."""
        self._free.release()
