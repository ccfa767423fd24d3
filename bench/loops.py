"""Load: how orders are given to a contender, and how long each of them takes."""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from bench.orders import Order

Draw = Callable[[Order], bytes]
"""Blocks until the picture is there, and returns it as a PNG file; called by many threads."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One order, in seconds from the start of its loop."""

    due: float
    done: float

    @property
    def latency(self) -> float:
        """From when it was due, not from when it could be sent: nobody's slowness is hidden."""
        return self.done - self.due


def closed_loop(draw: Draw, orders: Sequence[Order], in_flight: int) -> list[Drawn]:
    """Give the next order as soon as one is done, `in_flight` at a time; as they were done."""
    start = time.perf_counter()

    def serve(order: Order) -> Drawn:
        due = time.perf_counter() - start
        draw(order)
        return Drawn(due, time.perf_counter() - start)

    with ThreadPoolExecutor(in_flight) as clients:
        drawn = list(clients.map(serve, orders))
    return sorted(drawn, key=lambda one: one.done)


def rate(drawn: Sequence[Drawn], in_flight: int) -> float:
    """Pictures a second once the loop is full and everything in it warm: those after the first
    `in_flight`, up to the last order's beginning, for from then on fewer are in flight."""
    last = max(one.due for one in drawn)
    begin = drawn[in_flight - 1].done
    counted = [one for one in drawn[in_flight:] if one.done <= last]
    if not counted:
        raise ValueError(f"{len(drawn)} orders are too few for a rate of {in_flight} in flight")
    return len(counted) / (counted[-1].done - begin)


def open_loop(draw: Draw, orders: Sequence[Order], due: Sequence[float]) -> list[Drawn]:
    """Give each order when it is due, whatever became of those before; as they were done."""
    start = time.perf_counter()

    def serve(order: Order, when: float) -> Drawn:
        draw(order)
        return Drawn(when, time.perf_counter() - start)

    answers: list[Future[Drawn]] = []
    with ThreadPoolExecutor(len(orders)) as clients:
        for order, when in zip(orders, due, strict=True):
            time.sleep(max(0.0, start + when - time.perf_counter()))
            answers.append(clients.submit(serve, order, when))
    return sorted((answer.result() for answer in answers), key=lambda one: one.done)
