"""Intervals that are called 95 % hold what they should about that often."""

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.random import Generator
from scipy import stats

from evidence.report.numbers import Estimate
from evidence.report.sources import intervals

RUNS = 200


def _queued(chance: Generator, count: int = 300, memory: float = 0.8) -> list[float]:
    """Of mean 0, each as like the one before as response times in a busy queue are."""
    found = [chance.standard_normal() / np.sqrt(1 - memory**2)]
    for shock in chance.standard_normal(count - 1):
        found.append(memory * found[-1] + shock)
    return found


def _held(found: Sequence[Estimate | None], truth: float = 0.0) -> float:
    return float(np.mean([each is not None and each.low <= truth <= each.high for each in found]))


def test_neighbours_in_a_queue_are_not_taken_for_independent() -> None:
    chance = np.random.default_rng(1)
    runs = [_queued(chance) for _ in range(RUNS)]
    assert _held([intervals.neighbours_mean(run) for run in runs]) > 0.84
    assert _held([intervals.independent_mean(run) for run in runs]) < 0.7


def test_their_tail_likewise() -> None:
    chance = np.random.default_rng(2)
    truth = float(stats.norm.ppf(0.95)) / 0.6  # variance 1 / (1 - 0.8²)
    found = [intervals.neighbours_p95(_queued(chance)) for _ in range(RUNS)]
    assert _held(found, truth) > 0.8


@pytest.mark.parametrize("repeats", [1, 2])
def test_batches_hold_the_mean_of_differences(repeats: int) -> None:
    chance = np.random.default_rng(3)
    runs = [[_queued(chance) for _ in range(repeats)] for _ in range(RUNS)]
    assert 0.88 < _held([intervals.batched_mean(each) for each in runs]) < 0.99


def test_a_ragged_end_weighs_no_more_than_its_requests() -> None:
    """31 values: batches of 4 and 3, none of one alone; the mean is that of all."""
    run = [*([0.0] * 30), 31.0]
    found = intervals.batched_mean([run])
    assert found is not None
    assert found.value == pytest.approx(1.0)
    batch = 31.0 / 3
    reach = stats.t.ppf(0.975, 9) * np.std([batch] + [0.0] * 9, ddof=1) / np.sqrt(10)
    assert found.half_width == pytest.approx(reach)


def test_a_few_books_have_the_interval_of_student() -> None:
    values = [8.0, 9.0, 7.5, 8.8]
    found = intervals.independent_mean(values)
    assert found is not None
    expected = stats.t.interval(0.95, 3, loc=np.mean(values), scale=stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)


@pytest.mark.parametrize(
    "figure", [intervals.neighbours_mean, intervals.neighbours_p95, intervals.independent_mean]
)
def test_one_value_tells_nothing_of_chance(figure) -> None:
    assert figure([1.0]) is None
    assert intervals.batched_mean([[1.0], []]) is None
