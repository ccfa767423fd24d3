"""Who is drawn, and who steps next. Knows priorities and groups, and nothing of models."""

import heapq
from collections.abc import Hashable, Iterator
from typing import Generic, Protocol, TypeVar

from worker.batching.limit import Limit

PRIORITIES = ("high", "normal", "low")
PATIENCE = 16


class Schedulable(Protocol):
    """What the scheduler asks of an image in flight."""

    @property
    def group(self) -> Hashable:
        """Latent shape and precision: only equal ones fit into one model call."""

    @property
    def priority(self) -> str:
        """One of PRIORITIES."""


Item = TypeVar("Item", bound=Schedulable)


class Scheduler(Generic[Item]):
    """First come, first served within a priority; at most `cap` images in flight.

    A priority is a head start: an image of the next lower one counts as if it had arrived
    PATIENCE images later. So an image is overtaken by a bounded number of others, and nothing
    waits for ever. Groups in flight take turns, the one that stepped longest ago first; so do
    the images of a group, where memory has run out and not all of them fit any more.
    ValueError for a cap below 1.
    """

    def __init__(self, cap: int) -> None:
        if cap < 1:
            raise ValueError(f"At least one image must be allowed in flight; got a cap of {cap}.")
        self.cap = cap
        self._limits: dict[Hashable, Limit] = {}
        self._waiting: list[tuple[int, int, Item]] = []
        self._running: list[Item] = []
        self._arrivals = 0
        self._turns = 0
        self._stepped: dict[Hashable, int] = {}

    def __iter__(self) -> Iterator[Item]:
        """Everybody here, in flight first; a copy, so that the caller may remove."""
        return iter([*self._running, *(item for _, _, item in self._waiting)])

    def __len__(self) -> int:
        return len(self._running) + len(self._waiting)

    def add(self, item: Item) -> None:
        """Let `item` wait for admission."""
        start = self._arrivals + PATIENCE * PRIORITIES.index(item.priority)
        heapq.heappush(self._waiting, (start, self._arrivals, item))
        self._arrivals += 1

    def limit(self, group: Hashable) -> Limit:
        """How many images of `group` step together."""
        if group not in self._limits:
            lowered = {key: limit for key, limit in self._limits.items() if limit.now < limit.cap}
            self._limits = {**lowered, group: Limit(self.cap)}
        return self._limits[group]

    def admit(self) -> list[Item]:
        """Move as many as the cap allows from waiting to running, and return them."""
        admitted = []
        while self._waiting and len(self._running) < self.cap:
            _, _, item = heapq.heappop(self._waiting)
            # Behind the groups already stepping, or a stream of new groups could starve them.
            self._stepped.setdefault(item.group, self._turns)
            self._running.append(item)
            admitted.append(item)
        return admitted

    def choose(self) -> list[Item]:
        """Those of one group that step together this turn, longest without a step first."""
        if not self._running:
            return []
        groups = dict.fromkeys(item.group for item in self._running)
        self._stepped = {group: self._stepped[group] for group in groups}
        next_group = min(groups, key=self._stepped.__getitem__)
        self._turns += 1
        self._stepped[next_group] = self._turns
        chosen = [item for item in self._running if item.group == next_group]
        chosen = chosen[: self.limit(next_group).now]
        together = set(map(id, chosen))
        self._running = [item for item in self._running if id(item) not in together] + chosen
        return chosen

    def remove(self, item: Item) -> None:
        """Forget `item`, running or waiting; one already gone is no error."""
        self._running = [other for other in self._running if other is not item]
        self._waiting = [entry for entry in self._waiting if entry[2] is not item]
        heapq.heapify(self._waiting)
