"""The arrival rate: planted rates come back, and the stated error holds them."""

import math
import random
from collections.abc import Callable

import pytest

from controller.estimate import ArrivalRate

LOOK = 0.25


def _watched(gaps: Callable[[], float], seconds: float, before: ArrivalRate | None = None):
    """The estimate after a counter was looked at four times a second."""
    estimate, count = before or ArrivalRate(), before.counted if before else 0
    start = before.at if before else 0.0
    due = start + gaps()
    for look in range(round(seconds / LOOK) + 1):
        now = start + look * LOOK
        while due <= now:
            count, due = count + 1, due + gaps()
        estimate = estimate.seen(count, now)
    return estimate


def _never() -> float:
    return math.inf


def _coverage(gaps: Callable[[], float], rate: float, streams: int = 150) -> tuple[float, float]:
    """How often 1.96 stated errors hold the rate, and how often they would without dispersion."""
    inside = plain = 0
    for _ in range(streams):
        estimate = _watched(gaps, 240)
        off = abs(estimate.rate.value - rate) / (1.96 * estimate.rate.error)
        inside += off < 1
        plain += off * math.sqrt(estimate.dispersion) < 1
    return inside / streams, plain / streams


def test_even_arrivals_give_their_rate():
    found = _watched(lambda: 0.5, 300)
    assert found.rate.value == pytest.approx(2.0, rel=0.02)
    assert found.dispersion == 1.0


@pytest.mark.parametrize("rate", [0.1, 1.0, 4.0])
def test_a_poisson_rate_is_within_the_stated_error_nineteen_times_in_twenty(rate):
    rng = random.Random(5)
    inside, _ = _coverage(lambda: rng.expovariate(rate), rate)
    # Three standard deviations of a share of 150 at 0.95: 0.053.
    assert inside == pytest.approx(0.95, abs=0.054)


def test_bursts_widen_the_error_by_what_they_are_worth():
    rng = random.Random(7)
    inside, plain = _coverage(lambda: rng.gammavariate(0.2, 5.0), 1.0, streams=300)
    assert plain < 0.75
    # Seven in eight, less three standard deviations of a share of 300.
    assert inside > 0.875 - 0.057


def test_a_burst_of_fifty_counts_as_fifty_and_makes_it_unsure():
    calm = _watched(lambda: 1.0, 300)
    burst = calm.seen(calm.counted + 50, calm.at + LOOK)
    settled = _watched(_never, 10, burst)

    assert burst.rate.value == pytest.approx(calm.rate.value + 50 / calm.memory, rel=0.05)
    assert settled.rate.error > 3 * calm.rate.error
    assert abs(settled.rate.value - 1.0) < 1.96 * settled.rate.error


def test_an_empty_hour_is_a_low_rate_and_never_a_certain_one():
    busy = _watched(lambda: 0.5, 120)
    empty = _watched(_never, 600, busy)

    assert empty.rate.value < 1e-3
    assert 1e-3 < empty.rate.error < 0.02


@pytest.mark.parametrize("memory", [10.0, 60.0])
def test_after_its_memory_two_thirds_of_a_change_are_seen(memory):
    before = _watched(lambda: 1.0, 6 * memory, ArrivalRate(memory, 0, 0.0))
    after = _watched(lambda: 0.25, memory, before)
    share = (after.rate.value - 1.0) / (4.0 - 1.0)
    assert share == pytest.approx(1 - math.exp(-1), abs=0.03)


def test_one_look_tells_nothing_and_neither_does_a_part_of_a_second():
    once = ArrivalRate().seen(1000, 5.0)
    assert once.rate is None
    assert once.seen(1001, 5.75).rate is None
    assert once.seen(1001, 6.0).rate.value == pytest.approx(1.0, rel=0.01)
    assert once.seen(1001, 5.0) == once


def test_how_often_one_looks_makes_no_difference():
    often = _watched(lambda: 0.5, 120)
    seldom = ArrivalRate()
    for now in range(0, 121, 10):
        seldom = seldom.seen(2 * now, float(now))
    assert seldom.rate.value == pytest.approx(often.rate.value, rel=0.02)
    assert seldom.rate.error == pytest.approx(often.rate.error, rel=0.05)


@pytest.mark.parametrize(("count", "now"), [(3, 400.0), (400, 10.0)])
def test_a_counter_or_a_clock_that_went_back_starts_anew(count, now):
    before = _watched(lambda: 1.0, 300)
    after = before.seen(count, now)
    assert after == ArrivalRate(before.memory, count, now)
    assert after.rate is None
