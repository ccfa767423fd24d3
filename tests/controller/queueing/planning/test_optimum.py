"""The decision process, against value iteration and against every policy there is."""

import dataclasses
from itertools import product

import numpy as np
import pytest

from controller.queueing.levels import hysteresis
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.optimum import Prices, by_value_iteration, optimum
from controller.queueing.refusal import BadInput, Unstable
from services.contract.forecast import Pace
from tests.controller.queueing.levels.situations import ENGINE, queue

PRICES = [
    Prices(5.0),
    Prices(20.0),
    Prices(20.0, switch=0.3),
    Prices(20.0, switch=0.3, refusal=10.0),
    Prices(100.0, switch=5.0, refusal=40.0),
]


@pytest.mark.parametrize("prices", PRICES)
@pytest.mark.parametrize("workers", [1, 2])
def test_both_ways_to_the_optimum_agree(prices, workers):
    asked = queue(2.0 * workers, workers=workers, law=ENGINE)

    found = optimum(asked, prices, 25)
    checked = by_value_iteration(asked, prices, 25)

    assert found.cost == pytest.approx(checked.cost, rel=1e-6)
    assert (found.admits == checked.admits).all()


@pytest.mark.parametrize("prices", [Prices(4.0), Prices(4.0, switch=0.2), Prices(9.0, switch=0.05)])
def test_no_table_of_a_tiny_queue_is_better(prices):
    asked = queue(1.5, levels=2, capacity=3)

    costs = [cost_of(asked, np.array(cells).reshape(2, 4), prices) for cells in tiny_tables()]

    assert optimum(asked, prices, 3).cost == pytest.approx(min(costs), abs=1e-9)


def tiny_tables():
    """Every table of two levels and depths 0 to 3."""
    return product(range(2), repeat=8)


def cost_of(asked, table, prices):
    """Average cost a second by the chain's own measures; that of a table with two classes is of
    the one that contains level 0."""
    found = hysteresis.measure(asked, table)
    served = asked.arrival_rate * (1 - found.loss_probability)
    earned = prices.quality * served * (found.effective_quality - asked.qualities[-1])
    return found.mean_number - earned + prices.switch * found.switch_rate


def test_a_deeper_cut_changes_nothing():
    """What lies beyond is priced in: the queue does not run into the cut, however dear quality."""
    asked = queue(3.0)

    for price in (20.0, 1e4, 1e6):
        shallow, deep = (optimum(asked, Prices(price), cut) for cut in (400, 800))
        assert shallow.cost == pytest.approx(deep.cost, rel=1e-9)
        assert (shallow.table[:, :200] == deep.table[:, :200]).all()


def test_a_constant_added_to_all_qualities_changes_no_policy():
    asked = queue(2.5)
    lower = dataclasses.replace(asked, qualities=tuple(q - 100 for q in asked.qualities))

    one, other = (optimum(each, Prices(500.0, switch=2.5), 60) for each in (asked, lower))

    assert (one.table == other.table).all()
    assert one.cost == pytest.approx(other.cost, rel=1e-9)


def test_two_speeds_are_divided_by_a_threshold():
    paces = (Pace(seconds=1.0), Pace(seconds=0.5))
    asked = LevelledQueue(1.2, paces, (1.0, 0.6))

    tables = [optimum(asked, Prices(price), 60).table for price in (5, 10, 20, 50, 100)]

    for table in tables:
        assert (np.diff(table[:, :40], axis=1) >= 0).all()
        assert (table == table[0]).all()
    depths = [int(np.argmax(table[0])) for table in tables]
    assert depths == sorted(depths)
    assert depths[0] < depths[-1]


@pytest.mark.parametrize("prices", PRICES)
def test_more_jobs_never_mean_a_better_level(prices):
    table = optimum(queue(2.0), prices, 40).table

    assert (np.diff(table[:, 1:30], axis=1) >= 0).all()


def test_a_switch_that_costs_makes_the_level_stay():
    free, dear = (optimum(queue(2.0), Prices(20.0, switch=price), 40) for price in (0.0, 2.0))

    assert (free.table == free.table[0]).all()
    assert (dear.table != dear.table[0]).any()
    assert dear.cost > free.cost


def test_refusals_begin_where_a_job_costs_more_than_its_refusal():
    cheap, dear = (optimum(queue(3.0), Prices(10.0, refusal=cost), 60) for cost in (3.0, 30.0))

    assert 1 <= cheap.capacity < dear.capacity < 60
    assert optimum(queue(3.0), Prices(10.0), 60).capacity == 60


def test_what_cannot_be_asked_is_refused():
    with pytest.raises(BadInput, match="quality"):
        Prices(-1.0)
    with pytest.raises(Unstable):
        optimum(queue(4.0), Prices(1.0), 10)
    with pytest.raises(BadInput, match="capacity"):
        optimum(queue(1.0, capacity=5), Prices(1.0), 10)
