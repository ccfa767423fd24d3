"""The distance to the optimum."""

import pytest

from controller.queueing.levels import hysteresis
from controller.queueing.planning.screening import Screen
from controller.queueing.planning.target import parse
from controller.queueing.planning.thresholds import Thresholds, table
from controller.queueing.planning.yardstick import optimal_table, quality_bound
from tests.controller.queueing.levels.situations import queue


@pytest.mark.parametrize("found", [Thresholds((3, 6), (1, 3)), Thresholds((1, 9), (0, 8))])
def test_no_thresholds_are_better_than_the_bound(found):
    asked = queue(2.0)
    measures = hysteresis.measure(asked, table(found))

    assert quality_bound(asked, measures) > measures.effective_quality


def test_the_optimum_is_at_no_distance_from_itself():
    asked = queue(2.0)
    best = optimal_table(Screen(asked, parse("mean=2s")))
    measures = hysteresis.measure(asked, best)

    gap = quality_bound(asked, measures) - measures.effective_quality

    assert 0 <= gap < 2e-3 * (1.0 - 0.5)
    assert measures.mean_response <= 2.0


def test_where_nothing_meets_the_target_all_is_done_at_the_last_level():
    best = optimal_table(Screen(queue(3.0), parse("mean=500ms")))

    assert (best == 2).all()
