"""Figures of a run, worked by hand, and those of a simulation against its own."""

import numpy as np
import pytest

from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.figures import figures as simulated_figures
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario
from controller.queueing.simulation.service import Exponential
from evidence.validation.figures import Jobs, depths, estimates, figures, plain, residency
from evidence.validation.simulated import jobs_of
from loadgen.metrics import Estimate

NEVER = np.inf


def jobs(due, finished, level=None, counted=None, until=None):
    """Without the arrays."""
    finished = np.array(finished, float)
    return Jobs(
        np.array(due, float),
        finished,
        np.where(np.isnan(finished), NEVER, finished) if until is None else np.array(until, float),
        np.array([0] * len(due) if level is None else level),
        np.array([True] * len(due) if counted is None else counted),
        started=np.array(due, float),
        whole=~np.isnan(finished),
    )


def test_the_mean_number_is_the_time_average():
    # One from 1 to 3, another from 2 to 6; counted until the last is due, at 4.
    found = jobs([1, 2, 4], [3, 6, 5])

    assert depths(found, 1) == pytest.approx([(2 + 2) / 4])
    assert depths(found, 4) == pytest.approx([0, 1, 2, 1])


def test_one_without_an_end_stays_and_one_that_was_refused_never_came():
    found = jobs([0, 1, 4], [np.nan, np.nan, 5], until=[NEVER, 1, 5])

    assert depths(found, 1) == pytest.approx([1.0])


def test_the_warm_up_counts_in_nothing_but_the_queue():
    found = jobs([0, 2, 4], [3, 3, 5], counted=[False, True, True])

    assert found.responses == pytest.approx([1, 1])
    assert depths(found, 1) == pytest.approx([(1 + 1) / 2])


def test_figures_are_those_that_a_simulation_has_of_itself():
    scenario = Scenario(
        arrivals=Poisson(0.7), services=(Exponential(1.0),), horizon=Horizon(jobs=5000), capacity=6
    )
    records = simulate(scenario, 4)
    mine = figures(jobs_of(records, np.ones(5000, bool), 0.0), (0.5,), 1, None)
    theirs = simulated_figures(records, (0.5,))

    assert mine.mean_response == pytest.approx(theirs["mean_response"])
    assert mine.p95_response == pytest.approx(theirs["p95_response"])
    assert mine.mean_number == pytest.approx(theirs["mean_number"])
    assert mine.effective_quality == pytest.approx(0.5)


def test_estimates_have_the_same_values():
    found = jobs(np.arange(40), np.arange(40) + np.tile([0.5, 2.5], 20), level=[0, 1] * 20)
    plainly, spread = figures(found, (1.0, 0.0), 2, None), estimates(found, (1.0, 0.0), 2, None)

    assert spread.mean_response.value == pytest.approx(plainly.mean_response) == 1.5
    assert spread.p95_response.value == pytest.approx(plainly.p95_response)
    assert spread.mean_number.value == pytest.approx(plainly.mean_number)
    assert spread.effective_quality.value == pytest.approx(plainly.effective_quality) == 0.5
    assert spread.job_shares == plainly.job_shares == (0.5, 0.5)


def test_a_delay_is_that_of_the_last_level():
    found = jobs([0, 1, 2], [1, 3, np.nan], level=[0, 1, -1]).delayed(np.array([0.5, 0.25]))

    assert found.responses == pytest.approx([1.5, 2.25])


def test_a_level_holds_until_the_next_one():
    changes = [(-5.0, 1), (2.0, 0), (3.0, 1), (20.0, 0)]

    assert residency(changes, 0.0, 10.0, 3) == pytest.approx([0.1, 0.9, 0.0])


def test_json_has_no_number_that_is_none():
    assert plain(Estimate(1.0, -np.inf, 2.0)) == {"value": 1.0, "low": None, "high": 2.0}
    assert plain(float("nan")) is None
