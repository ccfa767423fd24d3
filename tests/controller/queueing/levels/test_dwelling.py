"""Levels that hold for a dwell, against the chain without one and against simulation."""

from dataclasses import asdict

import numpy as np
import pytest

from controller.queueing.levels import dwelling, hysteresis
from controller.queueing.levels.queue import LevelledQueue
from controller.queueing.refusal import BadInput, Unstable
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import Exponential
from controller.queueing.simulation.statistics import replicate
from services.contract.forecast import Pace
from services.contract.profile import BatchLaw

SECONDS = (1.0, 0.4, 0.15)
LAW = BatchLaw(tau0=0.5, tau1=0.5, cap=3)
TABLE = np.array([[0, 0, 0, 1, 1, 1, 2], [0, 1, 1, 1, 1, 1, 2], [1, 2, 2, 2, 2, 2, 2]])
"""Down from 3 and from 6 outstanding on, up by one when none is."""


def queue(rate=2.0, capacity=None):
    """Exponential work at three levels."""
    paces = tuple(Pace(seconds=seconds, scv=1.0) for seconds in SECONDS)
    return LevelledQueue(rate, paces, (0.9, 0.8, 0.5), LAW, capacity=capacity)


@pytest.mark.parametrize("capacity", [None, 9])
def test_a_dwell_of_no_length_is_none(capacity):
    # One step settles: a chain without a dwell takes a second one with the next event.
    table = TABLE.copy()
    table[2, 0] = 0

    mine = asdict(dwelling.measure(queue(capacity=capacity), table, 1e-5, stages=2))
    without = asdict(hysteresis.measure(queue(capacity=capacity), table))

    for name in ("states", "found"):
        depths = min(len(mine[name]), len(without[name]))
        assert mine.pop(name)[:depths] == pytest.approx(without.pop(name)[:depths], abs=1e-4)
    for name, value in without.items():
        assert mine[name] == pytest.approx(value, rel=1e-3, abs=1e-4), name


@pytest.mark.parametrize("dwell", [1.0, 6.0])
def test_it_is_what_a_simulation_of_the_dwell_gives(dwell):
    # Levels rise in the empty system alone, so re-timing downwards re-times all work in hand, and
    # ticks this close are no different from events.
    rate = 2.0
    scenario = Scenario(
        arrivals=Poisson(rate),
        services=tuple(map(Exponential, SECONDS)),
        horizon=Horizon(jobs=40_000),
        law=LAW,
        switching=Switching(TABLE, period=0.01, dwell=dwell, retime=True),
        qualities=(0.9, 0.8, 0.5),
    )
    simulated = replicate(scenario, range(4))

    found = dwelling.measure(queue(rate), TABLE, dwell, stages=30)

    assert found.mean_response == pytest.approx(simulated.mean_response.mean, rel=0.02)
    assert found.mean_number == pytest.approx(simulated.mean_number.mean, rel=0.02)
    assert found.switch_rate == pytest.approx(simulated.switch_rate.mean, rel=0.03)
    for mine, theirs in zip(found.residency, simulated.residency, strict=True):
        assert mine == pytest.approx(theirs.mean, abs=0.01)


def test_a_dwell_changes_the_response():
    assert dwelling.measure(queue(), TABLE, 6.0).mean_response > 1.1 * (
        hysteresis.measure(queue(), TABLE).mean_response
    )


def test_probabilities_add_up_and_littles_law_holds():
    found = dwelling.measure(queue(capacity=12), TABLE, 2.0)

    assert found.states.sum() == pytest.approx(1)
    assert found.found.sum() == pytest.approx(1)
    assert sum(found.residency) == pytest.approx(1) == pytest.approx(sum(found.job_shares))
    admitted = 2.0 * (1 - found.loss_probability)
    assert found.mean_number == pytest.approx(admitted * found.mean_response)


def test_what_has_no_steady_state_or_no_dwell_is_refused():
    with pytest.raises(Unstable):
        dwelling.measure(queue(rate=20.0), TABLE, 2.0)
    with pytest.raises(BadInput):
        dwelling.measure(queue(), TABLE, 0.0)
