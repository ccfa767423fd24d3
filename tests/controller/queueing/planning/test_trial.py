"""A table tried in simulation."""

import numpy as np
import pytest

from controller.queueing.levels import hysteresis
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.planning.conduct import Conduct
from controller.queueing.planning.trial import Trial
from services.contract.forecast import Pace
from services.contract.rules import Slo
from tests.controller.queueing.planning.situations import ENGINE


@pytest.mark.parametrize("crowding", [None, 0.1])
def test_company_slows_as_the_pace_says(crowding):
    paces = (Pace(seconds=0.5, scv=1.0, crowding=crowding),)
    queue = LevelledQueue(2.4, paces, (0.3,), ENGINE)
    only = np.zeros((1, 1), np.int64)

    outcome = Trial(queue, Slo(seconds=3.0), Conduct(), jobs=40_000).tried(only)

    exact = hysteresis.measure(queue, only).mean_response
    assert abs(outcome.mean.mean - exact) < 2 * outcome.mean.half_width
    assert outcome.mean.half_width < 0.05 * exact
