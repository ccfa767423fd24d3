"""Thresholds as tables, and thresholds that are none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.model import Thresholds
from controller.queueing.planning.thresholds import table, tables
from controller.queueing.refusal import BadInput
from controller.queueing.switching import tabulate
from services.contract.policy import Policy
from services.contract.rules import PolicyRules
from tests.controller.queueing.planning.situations import level


@st.composite
def found(draw):
    """Up to three thresholds, with any climbs below them that do not decrease."""
    down = sorted(draw(st.sets(st.integers(1, 20), max_size=3)))
    up, least = [], 0
    for depth in down:
        least = draw(st.integers(min(least, depth - 1), depth - 1))
        up.append(least)
    return Thresholds(tuple(down), tuple(np.maximum.accumulate(up).tolist()) if up else ())


@settings(derandomize=True, deadline=None, database=None, max_examples=50)
@given(found())
def test_the_table_is_what_decide_does(thresholds):
    levels = tuple(level(f"level-{i}") for i in range(len(thresholds.thresholds) + 1))
    rules = PolicyRules(thresholds=thresholds.thresholds, climb=thresholds.climb)

    expected = tabulate(Policy(rules=rules, levels=levels), 25)

    mine = table(thresholds)
    columns = np.minimum(np.arange(26), mine.shape[1] - 1)
    assert (mine[:, columns] == expected).all()


def test_many_at_once_are_each_as_alone():
    down, up = np.array([[3, 6], [2, 9]]), np.array([[1, 3], [0, 0]])

    together = tables(down, up)

    assert (together[1] == table(Thresholds((2, 9), (0, 0)))).all()
    assert (together[0, :, :7] == table(Thresholds((3, 6), (1, 3)))).all()


@pytest.mark.parametrize(
    ("thresholds", "message"),
    [
        (Thresholds((5, 5), (1, 2)), "cross"),
        (Thresholds((0, 5), (0, 2)), "cross"),
        (Thresholds((-2,), (-3,)), "cross"),
        (Thresholds((3, 6), (2, 1)), "must not decrease"),
        (Thresholds((3,), (3,)), "does not lie below"),
        (Thresholds((3, 6), (2,)), "as many"),
    ],
)
def test_thresholds_that_cross_are_refused(thresholds, message):
    with pytest.raises(BadInput, match=message):
        table(thresholds)
