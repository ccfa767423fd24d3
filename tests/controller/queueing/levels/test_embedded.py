"""The chain at departures, against Pollaczek–Khinchine and the simulation of the same rules."""

import numpy as np
import pytest

from controller.queueing.levels import embedded, hysteresis
from controller.queueing.levels.service_times import Fitted
from controller.queueing.refusal import BadInput, Unstable
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from controller.queueing.simulation.statistics import replicate
from tests.controller.queueing.levels.situations import (
    ENGINE,
    HYSTERESIS,
    ONE_LEVEL,
    QUALITIES,
    SECONDS,
    queue,
)


@pytest.mark.parametrize(
    ("scv", "services"),
    [(0.0, ()), (0.4, ()), (1.0, (Fitted(1.0),)), (4.0, (Fitted(1.0, 4.0),))],
)
def test_one_level_is_pollaczek_khinchine(scv, services):
    found = embedded.measure(queue(0.7, scv=scv, levels=1), ONE_LEVEL, services)

    assert found.mean_number == pytest.approx(0.7 + 0.7**2 * (1 + scv) / (2 * 0.3), rel=1e-6)
    assert found.states[0, 0] == pytest.approx(0.3)


@pytest.mark.parametrize("scv", [0.0, 0.3, 3.0])
def test_the_simulation_agrees(scv):
    scenario = Scenario(
        arrivals=Poisson(2.0),
        services=tuple(by_scv(seconds, scv=scv) for seconds in SECONDS),
        switching=Switching(HYSTERESIS),
        qualities=QUALITIES,
        horizon=Horizon(jobs=40_000),
    )
    simulated = replicate(scenario, seeds=range(10))
    services = tuple(Fitted(seconds, scv) for seconds in SECONDS) if scv > 1 else ()

    found = embedded.measure(queue(2.0, scv=scv), HYSTERESIS, services)

    pairs = [
        (simulated.mean_number, found.mean_number),
        (simulated.mean_response, found.mean_response),
        (simulated.effective_quality, found.effective_quality),
        (simulated.switch_rate, found.switch_rate),
        *zip(simulated.residency, found.residency, strict=True),
        *zip(simulated.job_shares, found.job_shares, strict=True),
    ]
    for estimate, exact in pairs:
        # Ten figures at once: a 99.8 % interval for each.
        assert abs(estimate.mean - exact) < 2 * estimate.half_width


def test_it_differs_from_a_level_that_jobs_follow():
    services = tuple(Fitted(seconds) for seconds in SECONDS)

    fixed = embedded.measure(queue(2.0, scv=1.0), HYSTERESIS, services)
    followed = hysteresis.measure(queue(2.0, scv=1.0), HYSTERESIS)

    assert fixed.mean_response > 1.1 * followed.mean_response


def test_with_one_level_whatever_the_table_both_chains_agree():
    one = np.full((3, 1), 1)
    services = tuple(Fitted(seconds) for seconds in SECONDS)

    at_departures = embedded.measure(queue(1.2, scv=1.0), one, services)
    at_all_times = hysteresis.measure(queue(1.2, scv=1.0), one)

    assert at_departures.mean_number == pytest.approx(at_all_times.mean_number, rel=1e-5)
    assert at_departures.switch_rate == pytest.approx(0.0, abs=1e-9)


def test_what_it_cannot_answer_is_refused():
    with pytest.raises(Unstable):
        embedded.measure(queue(3.5), HYSTERESIS)
    with pytest.raises(BadInput, match="one worker"):
        embedded.measure(queue(1.0, law=ENGINE), HYSTERESIS)
    with pytest.raises(BadInput, match="too near the stability limit"):
        embedded.measure(queue(3.33), HYSTERESIS)
