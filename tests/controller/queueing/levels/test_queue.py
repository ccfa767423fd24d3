"""What k workers get done, and what is no queue."""

import numpy as np
import pytest

from controller.queueing.levels.queue import LevelledQueue, checked, stability_limit
from controller.queueing.levels.response import conditional
from controller.queueing.refusal import BadInput
from services.contract.forecast import Pace, response
from tests.controller.queueing.levels.situations import ENGINE, HYSTERESIS, queue


def test_two_workers_share_jobs_evenly():
    two = queue(1.0, workers=2, law=ENGINE)

    rates = two.service_rates(9)[[0, 1, 2, 3, 8, 9], 0]

    # One job each at rate 1; two together at 2/1.5; four together at 4/2.5.
    assert rates == pytest.approx([0, 1, 2, 1 + 2 / 1.5, 2 * 4 / 2.5, 2 * 4 / 2.5])


def test_the_limit_is_that_of_the_level_kept_in_a_long_queue():
    assert stability_limit(queue(1.0), HYSTERESIS) == pytest.approx(1 / 0.3)
    stuck = np.array([[0], [1], [2]])
    assert stability_limit(queue(1.0), stuck) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (np.zeros((2, 4)), "must have 3 rows"),
        (np.full((3, 4), 3), "levels from 0 to 2"),
        (np.zeros((3, 0)), "must have 3 rows"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(table, message):
    with pytest.raises(BadInput, match=message):
        checked(table, 3)


@pytest.mark.parametrize(
    ("rate", "changed", "message"),
    [
        (-1.0, {}, "arrival_rate"),
        (1.0, {"workers": 0}, "workers"),
        (1.0, {"capacity": 0}, "capacity"),
    ],
)
def test_what_is_no_queue_is_refused(rate, changed, message):
    with pytest.raises(BadInput, match=message):
        queue(rate, **changed)


def test_a_level_that_company_slows_more_gets_less_done():
    paces = (Pace(seconds=1.0), Pace(seconds=0.5, crowding=1.0))
    mixed = LevelledQueue(1.0, paces, (1.0, 0.0), ENGINE)

    rates = mixed.service_rates(4)

    # ENGINE adds half for each other; jobs at the second level are done one after the other.
    assert rates[:, 0] == pytest.approx([0, 1, 2 / 1.5, 3 / 2, 4 / 2.5])
    assert rates[:, 1] == pytest.approx([0, 2, 2, 2, 2])
    assert mixed.stability_limits == pytest.approx((4 / 2.5, 2))


def test_what_a_job_finds_is_slowed_as_its_level_is():
    paces = (Pace(seconds=1.0, scv=0.5), Pace(seconds=0.5, scv=0.5, crowding=1.0))
    mixed = LevelledQueue(1.0, paces, (1.0, 0.0), ENGINE, workers=2)
    known = mixed.forecast()

    given = conditional(mixed, 12)

    for ahead, level in np.ndindex(12, 2):
        expected = response(known, level, ahead)
        assert given.mean[ahead, level] == pytest.approx(expected.mean)
        assert given.scv[ahead, level] == pytest.approx(expected.variance / expected.mean**2)
