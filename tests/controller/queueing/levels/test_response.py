"""Percentiles of the response, where they are known, and beside simulation."""

import math

import pytest

from controller.queueing.levels import embedded, hysteresis
from controller.queueing.levels.response import percentile
from controller.queueing.refusal import BadInput
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from controller.queueing.simulation.statistics import replicate
from tests.controller.queueing.levels.situations import HYSTERESIS, ONE_LEVEL, SECONDS, queue


@pytest.mark.parametrize("percent", [50, 95, 99])
def test_one_exponential_server(percent):
    asked = queue(0.8, scv=1.0, levels=1)

    found = percentile(asked, hysteresis.measure(asked, ONE_LEVEL), percent)

    # Wilson and Hilferty's gamma for sums of exponential times.
    assert found == pytest.approx(-math.log(1 - percent / 100) / 0.2, rel=0.03)


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
