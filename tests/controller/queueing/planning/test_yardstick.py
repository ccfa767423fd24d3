"""The distance to the optimum."""

import dataclasses

import numpy as np
import pytest

from controller.model import Thresholds
from controller.queueing.levels import hysteresis
from controller.queueing.planning.dearest import depths, priced_tables
from controller.queueing.planning.optimum import Prices, optimum
from controller.queueing.planning.thresholds import table
from controller.queueing.planning.yardstick import ACCURACY, gap_to_optimal
from tests.controller.queueing.levels.situations import ENGINE, queue

SPAN = 1.0 - 0.5


def gap(asked, found):
    """Of a table."""
    return gap_to_optimal(asked, hysteresis.measure(asked, found))


@pytest.mark.parametrize("found", [Thresholds((3, 6), (1, 3)), Thresholds((1, 9), (0, 8))])
def test_no_thresholds_are_better_than_the_optimum(found):
    assert gap(queue(2.0), table(found)) > 1e-4 * SPAN


@pytest.mark.parametrize("price", [5.0, 20.0, 100.0, 1000.0])
@pytest.mark.parametrize("rate", [0.8, 2.0, 3.0])
def test_the_optimum_is_at_no_distance_from_itself(rate, price):
    """Two ways to one thing: policy iteration and the linear program."""
    asked = queue(rate)
    best = optimum(asked, Prices(price), depths(asked, 60.0)).table

    assert abs(gap(asked, best)) < ACCURACY * SPAN


def test_the_program_finds_what_prices_find():
    """The bound of Lagrange, least over prices, from the decision process."""
    asked = queue(2.0, law=ENGINE)
    measures = hysteresis.measure(asked, table(Thresholds((9, 20), (2, 5))))
    worth = np.array(measures.job_shares) @ (np.array(asked.qualities) - asked.qualities[-1])
    prices = np.geomspace(0.1, 1e5, 300)
    costs = [optimum(asked, Prices(price), 300).cost for price in prices]
    bound = min((measures.mean_number - np.array(costs)) / (prices * 2.0))

    assert gap_to_optimal(asked, measures) == pytest.approx(bound - worth, abs=2e-4 * SPAN)
    assert gap_to_optimal(asked, measures) < bound - worth + ACCURACY * SPAN


@pytest.mark.parametrize("capacity", [None, 12])
def test_a_constant_added_to_all_qualities_changes_no_distance(capacity):
    asked = queue(2.5, capacity=capacity)
    shifted = dataclasses.replace(asked, qualities=tuple(q - 100 for q in asked.qualities))
    found = table(Thresholds((3, 9), (1, 4)))

    assert gap(shifted, found) == pytest.approx(gap(asked, found), abs=1e-9)


def test_it_scales_with_quality():
    asked = queue(2.5)
    stretched = dataclasses.replace(asked, qualities=tuple(q * 1000 for q in asked.qualities))
    found = table(Thresholds((3, 9), (1, 4)))

    assert gap(stretched, found) == pytest.approx(1000 * gap(asked, found), rel=1e-6)


def test_losses_are_no_way_to_quality():
    """A queue whose capacity binds: always the best level earns most a served job, and loses most;
    nothing that loses no more is better."""
    asked = queue(2.0, capacity=8)
    always_best = np.zeros((3, 1), dtype=np.int64)

    assert abs(gap(asked, always_best)) < ACCURACY * SPAN
    assert gap(asked, table(Thresholds((2, 4), (1, 2)))) > -ACCURACY * SPAN


def test_one_level_is_at_no_distance():
    assert gap(queue(0.5, levels=1), np.zeros((1, 1), dtype=np.int64)) == 0


def test_prices_rise_until_the_target_binds():
    asked = queue(3.0, law=ENGINE)

    def number(found):
        return hysteresis.measure(asked, found).mean_number

    met = list(priced_tables(asked, 10.0, 0.0, lambda found: number(found) <= 30))

    assert 28 < max(map(number, met)) <= 30
    assert list(priced_tables(asked, 10.0, 0.0, lambda _: False)) == []
