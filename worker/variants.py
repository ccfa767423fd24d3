"""Variants of one model, at different precisions, of which as many stay loaded as memory allows."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import Tensor, nn

logger = logging.getLogger(__name__)

Model = TypeVar("Model")


@dataclass(slots=True)
class _Loaded(Generic[Model]):
    model: Model
    size: int
    holders: int = 0


def footprint(module: nn.Module) -> int:
    """Bytes of a module's parameters, buffers and the scales of its quantized weights."""
    parameters = list(module.parameters())
    scales = [scale for weight in parameters for scale in _scales(weight)]
    return sum(tensor.nbytes for tensor in (*parameters, *module.buffers(), *scales))


class Variants(Generic[Model]):
    """Loads a variant when it is first wanted, and keeps it for the next who wants it.

    The variants together may take `budget_bytes` (0: no limit). Over it, those that nobody holds
    are forgotten, least recently used first. Neither one that is held nor `base`, the variant
    everything falls back to, is ever forgotten: work under way matters more than the budget. So
    where the held ones alone exceed it, or one is larger than expected, a variant is loaded all
    the same, the log says so, and the budget is kept again once they are released. How large a
    variant is shows only after it was loaded once: the first load may exceed the budget by it.

    Any thread may call. Loads come one after the other; only who wants a variant that is not
    there waits for them.
    """

    def __init__(
        self,
        load: Callable[[str], Model],
        budget_bytes: int = 0,
        *,
        base: str,
        measure: Callable[[Model], int] = footprint,
    ) -> None:
        self.base = base
        self._load = load
        self._budget = budget_bytes
        self._measure = measure
        self._loaded: dict[str, _Loaded[Model]] = {}  # least recently used first
        self._sizes: dict[str, int] = {}
        self._coming = 0  # bytes of the one that is loaded now, as far as known
        self._lock = threading.Lock()
        self._loading = threading.Lock()

    @property
    def memory(self) -> dict[str, int]:
        """Bytes of each variant that is loaded now."""
        return {name: loaded.size for name, loaded in list(self._loaded.items())}

    def hold(self, name: str) -> Model:
        """The variant `name`, which stays until it was released as often as it was held."""
        loaded = self._taken(name)
        if loaded is None:
            with self._loading:
                loaded = self._taken(name) or self._brought(name)
        return loaded.model

    def release(self, name: str) -> None:
        """Give back what `hold` gave."""
        with self._lock:
            self._used(name).holders -= 1
            self._make_room(0)

    @contextmanager
    def lease(self, name: str) -> Iterator[Model]:
        """Hold `name` for as long as the block runs."""
        model = self.hold(name)
        try:
            yield model
        finally:
            self.release(name)

    def _used(self, name: str) -> _Loaded[Model]:
        loaded = self._loaded[name] = self._loaded.pop(name)
        return loaded

    def _taken(self, name: str) -> _Loaded[Model] | None:
        with self._lock:
            if name not in self._loaded:
                return None
            loaded = self._used(name)
            loaded.holders += 1
            return loaded

    def _brought(self, name: str) -> _Loaded[Model]:
        with self._expected(self._sizes.get(name, 0)):
            model = self._load(name)
            size = self._sizes[name] = self._measure(model)
        with self._lock:
            self._make_room(size)
            loaded = self._loaded[name] = _Loaded(model, size, holders=1)
            self._tell(name, size)
            return loaded

    @contextmanager
    def _expected(self, size: int) -> Iterator[None]:
        """Keep so many bytes free while the block loads what will need them."""
        with self._lock:
            self._coming = size
            self._make_room(0)
        try:
            yield
        finally:
            with self._lock:
                self._coming = 0

    def _tell(self, name: str, size: int) -> None:
        logger.info("loaded %s, %d MB", name, size // 10**6)
        if self._missing(0):
            logger.warning(
                "%s exceeds the budget for models by %d MB: %s in use. "
                "Raise STORYTELLER_MODEL_MEMORY_MB, or use fewer precisions in the policy",
                name, -(-self._missing(0) // 10**6), ", ".join(self._loaded),
            )  # fmt: skip

    def _make_room(self, wanted: int) -> None:
        """Forget what nobody uses until `wanted` bytes more fit, or nothing is left to forget."""
        for name in self._idle():
            if not self._missing(wanted):
                return
            logger.info("forgot %s, %d MB", name, self._loaded.pop(name).size // 10**6)

    def _idle(self) -> list[str]:
        return [
            name
            for name, loaded in self._loaded.items()
            if not loaded.holders and name != self.base
        ]

    def _missing(self, wanted: int) -> int:
        """Bytes by which the budget would be exceeded with `wanted` more."""
        if not self._budget:
            return 0
        return max(0, wanted + self._coming + sum(self.memory.values()) - self._budget)


def _scales(weight: Tensor) -> list[Tensor]:
    """What bitsandbytes keeps beside a weight to read it by."""
    state = getattr(weight, "quant_state", None)
    kept = (getattr(state, "absmax", None), getattr(weight, "SCB", None))
    return [scale for scale in kept if scale is not None]
