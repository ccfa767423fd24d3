"""Numbers outstanding and times at each level, on records whose answers are known."""

import math
import random
from itertools import pairwise

import pytest

from loadgen.level_changes import Change
from loadgen.occupancy import mean_number, outstanding, residency, spells, window
from loadgen.record import Record
from tests.loadgen.test_metrics import MISSED, done

PATH = [
    Change("images", -3.0, "quality", "the start"),
    Change("stories", -3.0, "fast", "the start"),
    Change("images", 4.0, "fast", "depth 7"),
    Change("images", 7.0, "quality", "depth 2"),
    Change("images", 9.0, "fast", "depth 8"),
]


def test_the_number_outstanding_steps_at_dues_and_ends() -> None:
    lost = Record(3, "image", 2.0, status="timeout")
    times, depth = outstanding([done(0, 3.0), done(1, 1.0), lost])
    assert times == [0.0, 1.0, 2.0, 2.0, 3.0]
    # At 2 s one comes and one ends; at the end the one that was lost is still outstanding.
    assert depth == [1, 2, 3, 2, 1]


def test_a_request_that_ends_when_it_is_due_is_never_a_negative_number() -> None:
    assert min(outstanding([Record(0, "image", 1.0, finished=1.0)])[1]) >= 0


def test_what_was_refused_was_never_outstanding() -> None:
    assert outstanding([done(0, 1.0, **MISSED)]) == ([], [])


def test_the_mean_number_counts_only_the_time_within_the_window() -> None:
    records = [done(0, 3.0), done(1, 1.0), done(2, 100.0)]
    assert mean_number(records, 4.0) == pytest.approx((3 + 1 + 2) / 4)
    assert mean_number(records, 4.0, begin=1.0) == pytest.approx((2 + 1 + 2) / 3)


def test_the_lost_are_outstanding_to_the_end_and_the_refused_never() -> None:
    lost = Record(0, "image", 1.0, sent=1.0, status="timeout")
    assert mean_number([lost, done(2, 5.0, **MISSED)], 5.0) == pytest.approx(4 / 5)


def test_the_mean_number_is_the_rate_times_the_mean_response() -> None:
    """Little's law, exact over a window at whose ends nobody is there; here with a queue M/M/1."""
    chance, free, records, now = random.Random(4), 0.0, [], 0.0
    for number in range(5000):
        now += chance.expovariate(0.8)
        free = max(now, free) + chance.expovariate(1.0)
        records.append(Record(number, "image", now, finished=free, status="succeeded"))
    responses = [record.response for record in records]
    found = mean_number(records, free)
    assert found == pytest.approx(math.fsum(responses) / free)
    # ρ/(1 - ρ) of theory; one run of 5000 is a quarter away at most.
    assert found == pytest.approx(4.0, rel=0.25)


def test_the_mean_number_is_the_area_under_the_steps() -> None:
    records = [done(n, response) for n, response in enumerate((3.0, 1.0, 2.5, 0.2, 4.0))]
    times, depth = outstanding(records)
    area = sum(d * (b - a) for d, (a, b) in zip(depth, pairwise(times), strict=False))
    assert mean_number(records, times[-1]) == pytest.approx(area / times[-1])


def test_the_window_ends_with_the_last_due_time_and_leaves_a_warm_up_out() -> None:
    records = [done(1, 1.0), done(2, 1.0), done(5, 90.0)]
    assert window(records) == (0.0, 5.0)
    assert window([done(0, 1.0, warmup=True), *records]) == (1.0, 5.0)
    assert window([]) == (0.0, 0.0)


def test_each_level_has_its_share_of_the_time() -> None:
    assert residency(PATH, "images", 0, 10) == pytest.approx({"quality": 0.6, "fast": 0.4})
    assert residency(PATH, "images", 5, 8) == pytest.approx({"fast": 2 / 3, "quality": 1 / 3})
    assert residency(PATH, "stories", 0, 10) == {"fast": 1.0}
    assert residency(PATH[::-1], "images", 0, 10) == pytest.approx({"quality": 0.6, "fast": 0.4})


def test_a_level_that_is_not_known_has_no_share() -> None:
    assert residency([], "images", 0, 10) == {}
    assert residency(PATH[2:], "images", 0, 10) == pytest.approx({"fast": 0.4, "quality": 0.2})


def test_spells_follow_each_other_and_fill_the_window() -> None:
    found = spells(PATH, "images", 0.0, 8.0)
    assert found == [("quality", 0.0, 4.0), ("fast", 4.0, 7.0), ("quality", 7.0, 8.0)]


def test_an_empty_window_is_refused() -> None:
    with pytest.raises(ValueError, match="no time between 3 and 3 s"):
        mean_number([], 3.0, 3.0)
    with pytest.raises(ValueError, match="no time between 3 and 2 s"):
        residency(PATH, "images", 3.0, 2.0)
