"""What the live controller had seen of the arrivals when a run began."""

import math
from dataclasses import replace

import numpy as np
import pytest

from controller.estimate import ArrivalRate
from evidence.validation import earlier
from evidence.validation.at_speed import WorkClock, by_work
from evidence.validation.relative_speed import Paces
from evidence.validation.study import Run
from loadgen import policies
from loadgen.record import Record

BEGAN = 1.79e9
MEMORY = ArrivalRate().memory


def poisson(rate, begin, end):
    """Times of requests, unix seconds, from `begin` to `end` seconds after the run began."""
    chance = np.random.default_rng(8)
    return BEGAN + np.sort(chance.uniform(begin, end, chance.poisson(rate * (end - begin))))


def evenly(rate, begin, end):
    """The same with one as far from the next as any other."""
    return BEGAN + begin + (np.arange(round(rate * (end - begin))) + 0.5) / rate


def test_it_is_the_live_estimator_after_a_look_a_second():
    times = poisson(3.0, -130, -7)
    by_hand = ArrivalRate()
    for ago in range(int(BEGAN - times[0]), -1, -1):
        now = BEGAN - ago
        by_hand = by_hand.seen(sum(at <= now for at in times), now)

    found = earlier.watched(times, BEGAN)

    assert found.rate.value == pytest.approx(by_hand.rate.value, rel=1e-9)
    assert found.rate.error == pytest.approx(by_hand.rate.error, rel=1e-9)
    assert found == by_hand._replace(counted=0, at=0.0)


def test_it_goes_on_with_the_run_as_time_and_counter_begin_anew():
    before, during = poisson(3.0, -700, 0), poisson(12.0, 0, 20)
    going_on = earlier.watched(before, BEGAN)
    for now in range(1, 21):
        going_on = going_on.seen(int(np.searchsorted(during, BEGAN + now)), float(now))

    through = earlier.watched(np.concatenate([before, during]), BEGAN + 20)

    assert going_on.rate.value == pytest.approx(through.rate.value, rel=1e-3)
    assert going_on.rate.error == pytest.approx(through.rate.error, rel=0.02)


def test_after_a_quick_loop_the_estimate_is_between_both_rates_and_decays_with_the_silence():
    """∫ rate·e^(-age/memory) over each part, of its own length and age."""
    slow, quick = evenly(1.6, -600, -11), evenly(8.0, -11, 0)
    times, kept = np.concatenate([slow, quick]), math.exp(-11 / MEMORY)

    at_once = earlier.watched(times, BEGAN).rate.value
    later = [earlier.watched(times, BEGAN + silence).rate.value for silence in (7, 30)]

    assert at_once == pytest.approx(1.6 * kept + 8.0 * (1 - kept), rel=0.01)
    assert later == pytest.approx([at_once * math.exp(-t / MEMORY) for t in (7, 30)], rel=1e-3)


def test_what_came_as_the_run_went_on_or_long_before_it_does_not_count():
    times = poisson(3.0, -100, -7)
    more = [poisson(9.0, -900, -705), times, poisson(9.0, 0, 50)]

    assert earlier.watched(np.concatenate(more), BEGAN) == earlier.watched(times, BEGAN)


def test_a_silence_of_less_than_ten_memories_is_part_of_what_was_seen():
    """Nothing for 550 s, then 3 a second for 93 s, and 7 s of silence."""
    times = np.concatenate([evenly(9.0, -900, -650), evenly(3.0, -100, -7)])

    seen = (math.exp(-7 / MEMORY) - math.exp(-100 / MEMORY)) * 3.0
    assert earlier.watched(times, BEGAN).rate.value == pytest.approx(seen, rel=0.01)


@pytest.mark.parametrize("times", [np.empty(0), poisson(3.0, -800, -601), poisson(3.0, 5, 50)])
def test_before_the_first_request_and_after_a_long_silence_nothing_is_known(times):
    assert earlier.watched(times, BEGAN) == ArrivalRate()


def test_a_silence_shorter_than_that_is_one():
    found = earlier.watched(poisson(3.0, -500, -300), BEGAN).rate

    assert 0 < found.value < 0.03


def test_one_request_alone_begins_the_watch():
    found = earlier.watched(np.array([BEGAN - 20.5]), BEGAN)

    assert found.rate.value == 0
    assert found.exposure == pytest.approx(MEMORY * (1 - math.exp(-20 / MEMORY)))


def test_by_a_clock_of_work_as_many_more_came_in_each_second():
    """At 1.5 times the usual seconds for all work, a second of work holds 1.5 of the run's."""
    asked = policies.policy("planned:4")
    seen = earlier.watched(poisson(4.0, -300, -7), BEGAN)
    run = Run("run", asked, 4.0, 1, (Record(0, "image", 1.0),), watched=seen)
    clock = WorkClock.of(Paces(np.arange(60.0), np.full(60, 1.5)))

    moved = by_work(run, asked.rules, clock, 1.5)

    assert moved.watched.rate.value == pytest.approx(1.5 * seen.rate.value)
    assert by_work(replace(run, watched=None), asked.rules, clock, 1.5).watched is None
