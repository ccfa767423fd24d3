"""Differences of runs whose true difference is planted: how wide and how honest intervals are."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy import stats
from scipy.signal import lfilter

from evidence.validation.differences import Worth, less, qualities, redrawn, tails
from evidence.validation.figures import Jobs
from evidence.validation.intervals import RESAMPLES

QUALITIES = np.array([1.0, 0.0])
WORTH = Worth(QUALITIES, np.broadcast_to(QUALITIES, (RESAMPLES, 2)))
"""Certain, so that intervals are of requests alone."""
COUNT, PERSISTS, OWN = 400, 0.7, 0.5
SPREAD = np.hypot(1.0, OWN)
"""Of what decides a level: what the schedule asks, and what is the run's own."""


def persistent(seed, count=COUNT, correlation=PERSISTS):
    """Of variance 1, each like the one before."""
    noise = np.random.default_rng(seed).standard_normal(count + 100)
    series = lfilter([np.sqrt(1 - correlation**2)], [1.0, -correlation], noise)
    return series[100:]


@dataclass(frozen=True)
class Policy:
    """It leaves the best level where load is above a bound, and takes so many times as long."""

    bound: float
    slower: float

    def run(self, schedule, seed):
        """Of requests whose load is that of a schedule with the run's own on top."""
        load = persistent(schedule) + OWN * persistent(10_000 + seed)
        due = np.random.default_rng(schedule).exponential(size=COUNT).cumsum()
        finished = due + self.slower * np.exp(load / 2)
        everything = np.ones(COUNT, bool)
        level = (load > self.bound).astype(np.int64)
        return Jobs(due, finished, finished, level, everything, due, everything)

    @property
    def quality(self):
        """The true one."""
        return stats.norm.cdf(self.bound / SPREAD)

    @property
    def p95(self):
        """The true one, seconds."""
        return self.slower * np.exp(stats.norm.ppf(0.95) * SPREAD / 2)


ONE, OTHER = Policy(0.5, 1.2), Policy(0.0, 1.0)
TRUE = ONE.quality - OTHER.quality, ONE.p95 - OTHER.p95
SEEDS = range(0, 200, 2)


def apart(first, second):
    """What two runs differ in: quality and tail."""
    played = [first, second]
    return less(qualities(played, WORTH), 1), less(tails(played), 1)


@pytest.fixture(scope="module")
def pairs():
    """Of runs of the same schedule each."""
    return [apart(ONE.run(seed, seed), OTHER.run(seed, seed + 1)) for seed in SEEDS]


@pytest.fixture(scope="module")
def strangers():
    """Of runs of a schedule each."""
    return [apart(ONE.run(seed, seed), OTHER.run(seed + 1, seed + 1)) for seed in SEEDS]


def held(found, figure):
    """The share of intervals that hold the truth."""
    return np.mean([each[figure].low <= TRUE[figure] <= each[figure].high for each in found])


@pytest.mark.parametrize("figure", [0, 1])
def test_intervals_of_a_difference_hold_it_as_often_as_they_say(pairs, strangers, figure):
    assert 0.89 <= held(pairs, figure) <= 0.99
    assert 0.89 <= held(strangers, figure) <= 0.99


@pytest.mark.parametrize("figure", [0, 1])
def test_what_a_schedule_asks_of_both_drops_out(pairs, strangers, figure):
    wide, narrow = (
        np.median([each[figure].high - each[figure].low for each in found])
        for found in (strangers, pairs)
    )

    assert narrow < 0.75 * wide


def test_resamples_of_quality_are_in_blocks_as_long_as_levels_persist():
    """Responses that do not depend on each other say nothing of how long levels stay."""
    found = []
    for seed in range(60):
        run = ONE.run(seed, seed)
        white = run.due + np.random.default_rng(seed).exponential(size=COUNT)
        level = (persistent(seed, correlation=0.95) > 0.5).astype(np.int64)
        steady = Jobs(run.due, white, white, level, run.counted, run.due, run.whole)
        ((_, drawn),) = qualities([steady], WORTH)
        found.append((1 - level.mean(), drawn.std()))

    means, claimed = np.array(found).T
    assert claimed.mean() == pytest.approx(means.std(ddof=1), rel=0.4)


def test_runs_of_one_schedule_are_resampled_by_the_same_requests():
    first, second = ONE.run(1, 1), OTHER.run(1, 2)
    other = replace(second, due=second.due + 1, finished=second.finished + 1)

    rows = redrawn([first, second, other], [first.responses] * 3, seed=1)

    assert (rows[0] == rows[1]).all()
    assert (rows[0] != rows[2]).mean() > 0.9


def test_runs_that_answered_other_requests_are_not_paired():
    whole, fewer = ONE.run(1, 1), OTHER.run(1, 2)
    counted = np.arange(COUNT) != 7
    lacking = replace(fewer, counted=counted)

    rows = redrawn([whole, lacking], [whole.responses, lacking.responses], seed=1)

    assert [each.shape[1] for each in rows] == [COUNT, COUNT - 1]
    assert (rows[0][:, :-1] != rows[1]).mean() > 0.9
