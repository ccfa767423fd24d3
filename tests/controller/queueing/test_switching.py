"""The table of what `decide` does, without what it says twice."""

import numpy as np
import pytest

from controller.queueing.switching import shortened


@pytest.mark.parametrize(
    ("table", "short"),
    [
        ([[0, 1, 1, 1], [0, 0, 2, 2]], [[0, 1, 1], [0, 0, 2]]),
        ([[0, 1], [1, 0]], [[0, 1], [1, 0]]),
        ([[0, 0, 0]], [[0]]),
        ([[1]], [[1]]),
        ([[0, 1, 0, 0]], [[0, 1, 0]]),
    ],
)
def test_columns_that_repeat_the_last_one_are_cut(table, short):
    assert shortened(np.array(table)).tolist() == short
