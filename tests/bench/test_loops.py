"""Load is given as promised, and what is counted is what was drawn while the load was full."""

import threading

import pytest

from bench.loops import Drawn, closed_loop, open_loop, rate
from bench.orders import Order, uniform


class Together:
    """Draws nothing, in batches: nobody gets an answer before `size` have asked."""

    def __init__(self, size: int) -> None:
        self.seen: list[Order] = []
        self.most = 0
        self._now = 0
        self._lock = threading.Lock()
        self._barrier = threading.Barrier(size, timeout=20)

    def __call__(self, order: Order) -> bytes:
        with self._lock:
            self.seen.append(order)
            self._now += 1
            self.most = max(self.most, self._now)
        self._barrier.wait()
        with self._lock:
            self._now -= 1
        return b""


def test_a_closed_loop_keeps_as_many_in_flight_and_draws_each_order_once() -> None:
    draw, orders = Together(4), uniform(12)
    drawn = closed_loop(draw, orders, 4)
    assert draw.most == 4
    assert sorted(draw.seen, key=lambda order: order.seed) == orders
    assert len(drawn) == 12
    assert [one.done for one in drawn] == sorted(one.done for one in drawn)
    assert all(one.latency > 0 for one in drawn)


def test_an_open_loop_waits_for_nobody() -> None:
    drawn = open_loop(Together(6), uniform(6), [0.0, 0.01, 0.02, 0.03, 0.04, 0.05])
    assert all(one.done >= 0.05 for one in drawn)  # the first answer came after the last order
    assert sorted(one.due for one in drawn) == [0.0, 0.01, 0.02, 0.03, 0.04, 0.05]


def test_a_failure_is_not_a_measurement() -> None:
    def draw(_: Order) -> bytes:
        raise RuntimeError("no picture")

    for loop in (
        lambda: closed_loop(draw, uniform(3), 2),
        lambda: open_loop(draw, uniform(1), [0]),
    ):
        with pytest.raises(RuntimeError, match="no picture"):
            loop()


def test_the_rate_counts_from_a_full_loop_to_the_last_beginning() -> None:
    # Two in flight, a batch each second, and a drain of ten seconds that nobody is asked in.
    done = [1, 1, 2, 2, 3, 3, 13, 13]
    due = [0, 0, 1, 1, 2, 2, 3, 3]
    drawn = [Drawn(float(d), float(e)) for d, e in zip(due, done, strict=True)]
    assert rate(drawn, 2) == pytest.approx(4 / 2)


def test_too_few_orders_for_a_rate_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        rate([Drawn(0.0, 1.0), Drawn(0.0, 1.0)], 2)
