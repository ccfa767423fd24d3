"""The search against all thresholds of a grid, by the same model."""

from itertools import product

import numpy as np
import pytest

from controller.model import Thresholds
from controller.queueing.planning.screening import Judgement, Screen
from controller.queueing.planning.search import deepest, judge, search
from controller.queueing.planning.target import parse
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


class Misleading(Screen):
    """The target is met by who keeps the best level up to 17 jobs or more. Below, the nearest to it
    are those that keep it up to 4, and each step away from them is worse."""

    def judge(self, tables):
        left = (tables[:, 0] == 0).sum(axis=1)
        margin = np.where(left >= 18, 1.0, -1.0 - abs(left - 5))
        return Judgement(margin, margin, margin, -left.astype(float))


def test_where_steps_do_not_meet_the_target_all_thresholds_are_searched():
    screen = Misleading(queue(2.0), parse("p95=8s"))
    start = Thresholds((5, 7), (3, 5))

    found = search(screen, start)

    assert found.thresholds[0] == 18
    assert found == search(screen)


def test_one_level_has_no_thresholds():
    assert search(Screen(queue(0.5, levels=1), parse("p95=9s"))) == Thresholds((), ())


def test_a_queue_without_arrivals_is_refused():
    with pytest.raises(BadInput, match="arrival_rate"):
        Screen(queue(0.0), parse("p95=3s"))
