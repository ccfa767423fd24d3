"""This project's engine, asked as the worker asks it."""

from types import TracebackType
from typing import Self

from bench.conditions import Conditions
from bench.orders import Order
from worker.batching.denoiser import Denoiser
from worker.batching.engine import Engine
from worker.batching.request import ImageRequest
from worker.illustrate import encode_png


class EngineContender:
    """An engine with a thread of its own; a context manager. Any thread may `draw`."""

    def __init__(self, conditions: Conditions) -> None:
        denoiser = Denoiser.load(
            conditions.model, device=conditions.device, precision=conditions.precision
        )
        self._engine = Engine(denoiser, cap=conditions.cap)

    def __enter__(self) -> Self:
        self._engine.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, trace: TracebackType | None
    ) -> None:
        self._engine.close()

    @property
    def memory(self) -> dict[str, int]:
        """Bytes of the denoiser's weights, by precision."""
        return self._engine.denoiser.memory

    def draw(self, order: Order) -> bytes:
        """Submit, wait, encode."""
        request = ImageRequest(prompt=order.prompt, seed=order.seed, level=order.level)
        return encode_png(self._engine.submit(request).result().picture, {})
