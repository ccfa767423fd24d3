"""Percentiles of the response, where they are known, and beside simulation."""

import math

import numpy as np
import pytest

from controller.queueing.levels import embedded, hysteresis
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.levels.response import conditional, percentile
from controller.queueing.refusal import BadInput
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from controller.queueing.simulation.statistics import replicate
from services.contract.forecast import Pace, response
from services.contract.profile import BatchLaw
from tests.controller.queueing.levels.situations import HYSTERESIS, ONE_LEVEL, SECONDS, queue


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_one_exponential_server(percent):
    asked = queue(0.8, scv=1.0, levels=1)

    found = percentile(asked, hysteresis.measure(asked, ONE_LEVEL), percent)

    # Wilson and Hilferty's gamma for sums of exponential times.
    assert found == pytest.approx(-math.log(1 - percent / 100) / 0.2, rel=0.03)


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_what_is_found_is_taken_as_the_live_model_takes_it(workers):
    paces = (Pace(seconds=2.0, scv=0.3, error=0.1), Pace(seconds=0.7))
    asked = LevelledQueue(1.0, paces, (1.0, 0.5), BatchLaw(tau0=0.3, tau1=0.1, cap=4), workers)
    live = [[response(asked.forecast(), level, n) for level in (0, 1)] for n in range(40)]

    found = conditional(asked, 40)

    assert found.mean == pytest.approx(np.array(live)[..., 0])
    assert found.scv * found.mean**2 == pytest.approx(np.array(live)[..., 1])


@pytest.mark.parametrize("scv", [0.0, 0.3, 1.0])
def test_within_a_tenth_of_simulation_where_levels_switch(scv):
    scenario = Scenario(
        arrivals=Poisson(2.0),
        services=tuple(by_scv(seconds, scv=scv) for seconds in SECONDS),
        switching=Switching(HYSTERESIS),
        horizon=Horizon(jobs=40_000),
    )
    simulated = replicate(scenario, seeds=range(4)).p95_response.mean
    asked = queue(2.0, scv=scv)

    found = percentile(asked, embedded.measure(asked, HYSTERESIS), 95)

    assert found == pytest.approx(simulated, rel=0.1)


def test_what_is_no_percentile_is_refused():
    asked = queue(0.5, levels=1)
    with pytest.raises(BadInput, match="between 0 and 100"):
        percentile(asked, hysteresis.measure(asked, ONE_LEVEL), 100)
