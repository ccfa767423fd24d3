"""The level that was in force beside the one that the rules call for."""

import numpy as np
import pytest

from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario, Switching
from controller.queueing.simulation.service import by_scv
from evidence.validation.control import level_at, obeyed, outstanding, replayed
from evidence.validation.simulated import jobs_of

TABLE = np.array([[0, 0, 0, 1], [0, 1, 1, 1]])
"""Down from 3 outstanding on, up when none is."""
PERIOD, DWELL = 0.25, 2.0


@pytest.fixture(scope="module")
def run():
    """A simulation under the table: its jobs, and its changes of level."""
    scenario = Scenario(
        arrivals=Poisson(0.9),
        services=(by_scv(1.0, 0.5), by_scv(0.5, 0.5)),
        horizon=Horizon(jobs=600),
        switching=Switching(TABLE, period=PERIOD, dwell=DWELL),
    )
    records = simulate(scenario, 7)
    pairs = zip(records.switch_time.tolist(), records.switch_level.tolist(), strict=True)
    return jobs_of(records, np.ones(600, bool), 0.0), list(pairs)


def test_a_controller_that_obeys_is_found_to(run):
    jobs, changes = run

    found = obeyed(jobs, changes, TABLE, period=PERIOD, dwell=DWELL)

    assert found.changes > 20
    assert found.apart < 0.02
    assert found.called_for == pytest.approx(found.changes, abs=2)


def test_one_that_is_late_is_found_out(run):
    jobs, changes = run
    late = [changes[0], *((at + 1.5, level) for at, level in changes[1:])]

    assert obeyed(jobs, late, TABLE, period=PERIOD, dwell=DWELL).apart > 0.1


def test_one_that_never_moves_is_found_out(run):
    jobs, changes = run

    found = obeyed(jobs, changes[:1], TABLE, period=PERIOD, dwell=DWELL)

    assert found.changes == 0
    assert found.apart > 0.2


def test_no_two_changes_come_within_a_dwell():
    depths = np.array([0, 3, 0, 0, 0, 3, 3, 3])

    levels = replayed(depths, TABLE, 0, dwell=0.75, period=0.25)

    assert levels.tolist() == [0, 1, 1, 1, 0, 0, 0, 1]


def test_the_first_change_holds_from_before():
    changes = [(-3.0, 1), (2.0, 0)]

    assert level_at(changes, np.array([-9.0, 0.0, 2.0, 9.0])).tolist() == [1, 1, 0, 0]


def test_depths_are_those_of_the_moment(run):
    jobs, _ = run
    times = np.array([5.0, 100.0, 400.0])

    counted = [((jobs.due <= t) & (jobs.outstanding_until > t)).sum() for t in times]

    assert outstanding(jobs, times).tolist() == counted
