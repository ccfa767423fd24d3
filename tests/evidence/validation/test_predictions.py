"""Formulas against simulation, and both against textbooks."""

from dataclasses import replace

import numpy as np
import pytest

from controller.queueing.engine import Engine
from controller.queueing.sharing import ps
from controller.queueing.simulation.planner import settled
from controller.queueing.simulation.scenario import Horizon
from controller.queueing.simulation.statistics import replicate
from evidence.validation import closed_form, simulated
from evidence.validation.basis import Basis
from evidence.validation.folder import load
from evidence.validation.intervals import replicated
from loadgen import policies
from tests.evidence.validation.studies import LAW, LEVELS, SCV, SECONDS, begin, play


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """One run of a fixed level, one that moves, one that plans."""
    folder = begin(tmp_path_factory.mktemp("made") / "study")
    for notation in ("fixed:ddim-25", "threshold:4,12", "planned:5"):
        play(folder, notation, 4.0, seconds=100.0)
    return load(folder)


def run_of(study, notation, rate=4.0):
    """As if it had been played at this rate."""
    return next(
        replace(run, rate=rate) for run in study.runs if run.policy == policies.policy(notation)
    )


def test_a_fixed_level_is_processor_sharing(study):
    found = closed_form.predict(study, run_of(study, "fixed:ddim-25"))
    expected = ps(4.0, Engine(SECONDS["ddim-25"], LAW), SCV)

    assert found.utilisation == pytest.approx(expected.utilisation)
    assert found.figures.mean_response == pytest.approx(expected.mean_response)
    assert found.figures.mean_number == pytest.approx(expected.mean_number)
    assert found.figures.job_shares == pytest.approx((0, 1, 0), abs=1e-6)
    assert found.figures.effective_quality == pytest.approx(88.0)


@pytest.mark.parametrize("notation", ["threshold:4,12", "planned:5"])
@pytest.mark.parametrize("rate", [2.0, 4.0, 9.0])
def test_a_moving_level_is_near_its_simulation(study, notation, rate):
    run = run_of(study, notation, rate)
    scenario = replace(simulated.scenario_of(study, run), horizon=Horizon(jobs=10_000))
    theirs = replicate(scenario, range(2))

    found = closed_form.predict(study, run).figures

    assert found.mean_response == pytest.approx(theirs.mean_response.mean, rel=0.15)
    assert found.effective_quality == pytest.approx(theirs.effective_quality.mean, abs=0.2)


def test_the_dwell_is_what_brings_it_near(study):
    run = run_of(study, "threshold:4,12", 9.0)
    scenario = replace(simulated.scenario_of(study, run), horizon=Horizon(jobs=10_000))
    mean = replicate(scenario, range(2)).mean_response.mean

    at_once = closed_form.predict(study, run, dwells=False).figures.mean_response
    dwelling = closed_form.predict(study, run).figures.mean_response

    assert abs(dwelling / mean - 1) < abs(at_once / mean - 1) / 2


def test_beyond_its_capacity_a_level_has_no_steady_state(study):
    found = closed_form.predict(study, run_of(study, "fixed:ddim-25", 9.0))

    assert found.figures is None
    assert found.utilisation > 1
    assert "no steady state" in found.refused
    assert found.with_overhead(np.zeros(3), 9.0) is None


def test_overhead_lengthens_responses_and_the_queue(study):
    theory = closed_form.predict(study, run_of(study, "fixed:ddim-25"))

    found = theory.with_overhead(np.array([9.0, 0.05, 9.0]), 4.0)

    assert found.mean_response == pytest.approx(theory.figures.mean_response + 0.05)
    assert found.mean_number == pytest.approx(4.0 * found.mean_response)


def test_a_replay_has_the_schedule_and_the_start_of_the_run(study):
    run = run_of(study, "fixed:ddim-25")

    replay = simulated.replay(study, run, 3)

    due = [each.due for each in run.ordered]
    for jobs in replay.jobs:
        assert jobs.due == pytest.approx(due)
        assert set(jobs.level) == {LEVELS.index("ddim-25")}
    assert replay.residencies[0] == pytest.approx([0, 1, 0])


def test_rules_that_plan_do_so_anew_and_begin_used_to_the_rate(study):
    run = run_of(study, "planned:5")
    planning = simulated.scenario_of(study, run).switching.replanning

    begun = planning.begin()
    idle = begun
    for now in range(1, 61):
        idle = planning.look(idle, 0, float(now))

    assert begun.plan.basis.arrivals.value == pytest.approx(run.rate, rel=0.06)
    assert idle.plan.basis.arrivals.value < 0.5 * run.rate
    fixed = simulated.scenario_of(study, run_of(study, "threshold:4,12"))
    assert fixed.switching.replanning is None


def test_rules_that_plan_begin_with_what_the_live_controller_had_seen(study):
    run = replace(run_of(study, "planned:5"), watched=settled(9.0))

    begun = simulated.scenario_of(study, run).switching.replanning.begin()

    assert begun.plan.basis.arrivals.value == pytest.approx(9.0, rel=0.06)


def test_a_planned_run_is_replayed_as_it_went(study):
    """It was played by a controller that began with the load."""
    run, engine = run_of(study, "planned:5"), Basis(study, ())
    measured = np.mean([each.response for each in run.ordered])

    found = simulated.replay(study, run).estimates(study, engine.later).mean_response

    assert found.value == pytest.approx(measured, rel=0.15)


def test_a_run_is_replayed_nearer_than_fresh_arrivals_come(study):
    run, engine = run_of(study, "threshold:4,12"), Basis(study, ())
    measured = np.mean([each.response for each in run.ordered])

    here = simulated.replay(study, run).estimates(study, engine.later).mean_response
    afresh = simulated.afresh(study, run).estimates(study, engine.later).mean_response

    assert here.value == pytest.approx(measured, rel=0.1)
    assert here.high - here.low < afresh.high - afresh.low


def test_refused_requests_are_refused_in_simulation_too(study):
    run = run_of(study, "fixed:ddim-25")
    full = replace(study, capacity=2)

    lost = simulated.replay(full, run, 2).jobs[0]

    assert np.isnan(lost.finished).any()
    assert replicated(lost.responses).value < 1.0
