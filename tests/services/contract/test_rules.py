"""Tables that flap are none."""

import pytest

from services.contract.rules import BadRules, PolicyRules, check

NAMES = ("best", "good", "fair")


def _check(*rows):
    check(PolicyRules(kind="table", table=rows, dwell_seconds=0), NAMES)


@pytest.mark.parametrize(
    "rows",
    [
        ((1,), (0,), (2,)),
        ((1,), (2,), (0,)),
        ((0, 0, 2), (0, 1, 1), (0, 0)),
    ],
)
def test_a_table_that_flaps_while_the_depth_stays_is_refused(rows):
    with pytest.raises(BadRules, match=r"table flaps at depth \d: level \d goes to \d"):
        _check(*rows)


@pytest.mark.parametrize(
    "rows",
    [
        ((0, 0, 1, 2), (0, 1, 1, 2), (0, 0, 1, 2)),
        ((0, 0, 2), (0, 1, 2), (1, 1, 2)),
        ((0,), (1,), (2,)),
    ],
)
def test_a_table_may_have_a_band_and_climb_rung_by_rung(rows):
    _check(*rows)
