"""The search against all thresholds of a grid, by the same model."""

from itertools import product

import numpy as np
import pytest

from controller.queueing.planning.screening import Screen
from controller.queueing.planning.search import deepest, judge, search
from controller.queueing.planning.target import parse
from controller.queueing.planning.thresholds import Thresholds
from controller.queueing.refusal import BadInput
from tests.controller.queueing.levels.situations import ENGINE, queue


@pytest.mark.parametrize("slo", ["p95=3s", "mean=1.5s", "p99=8s"])
@pytest.mark.parametrize(
    "asked",
    [queue(2.0), queue(0.5), queue(4.0, workers=2, law=ENGINE), queue(2.5, scv=0.8)],
    ids=["busy", "idle", "engines", "varied"],
)
def test_nothing_on_a_grid_is_better(asked, slo):
    screen = Screen(asked, parse(slo))
    last = min(30, deepest(screen))
    rows = [
        (down, further, max(down - gap, 0), max(further - gap, 0))
        for down, further, gap in product(range(1, last), range(2, last + 1), (1, 2, 4))
        if down < further
    ]
    grid = judge(screen, np.array(rows))

    found = search(screen)
    mine = judge(screen, np.array([[*found.thresholds, *found.climb]]))

    assert mine.margin[0] >= 0 or (grid.margin < 0).all()
    assert mine.score[0] >= grid.score[grid.best] - 1e-3 * 0.5


def test_one_level_has_no_thresholds():
    assert search(Screen(queue(0.5, levels=1), parse("p95=9s"))) == Thresholds((), ())


def test_a_queue_without_arrivals_is_refused():
    with pytest.raises(BadInput, match="arrival_rate"):
        Screen(queue(0.0), parse("p95=3s"))
