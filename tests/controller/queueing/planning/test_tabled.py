"""The optimum as a table for a whole ladder; plans and the contender of the frontier as oracles."""

from dataclasses import replace

import numpy as np
import pytest

from controller.queueing.frontier.contenders import optimal
from controller.queueing.planning.plan import plan
from controller.queueing.planning.tabled import best, draft, measured, outcome, rows
from controller.queueing.planning.thresholds import Thresholds, table
from controller.queueing.simulation.estimates import estimate
from services.contract.policy import Policy
from services.contract.profile import ProfileError
from services.contract.rules import PolicyRules, check
from tests.controller.queueing.planning.situations import RUNGS, level, profile, request

POOR = {"poor": (0.8, 0.28)}
"""Dominated by `good`."""
NAMES = ("best", "good", "poor", "fast")
SEEDS = range(200, 208)
ROUNDING = 1e-6


def full(table_rows, depths):
    """The rows as an array, each as long as that."""
    return np.array([[row[min(n, len(row) - 1)] for n in range(depths)] for row in table_rows])


@pytest.fixture(scope="module")
def asked():
    """A rate that the best level cannot serve; one level of four is dominated."""
    return request("p95=4s", rate=1.6, profile=profile(RUNGS | POOR))


@pytest.fixture(scope="module")
def found(asked):
    return best(asked)


def test_where_nothing_is_dominated_it_is_the_table_of_the_frontiers_contender(asked, found):
    undominated = replace(asked, profile=profile())
    way, same = optimal(undominated), best(undominated)
    written = full(rows(same, way.names), way.table.shape[1])
    assert (written == way.table).all()
    assert (found.table == way.table).all(), "what is dominated changes nothing"


def test_a_whole_ladder_is_led_to_the_levels_of_the_optimum(found):
    written = rows(found, NAMES)
    check(PolicyRules(kind="table", table=written), NAMES)
    deep = full(written, found.table.shape[1])
    assert (deep[[0, 1, 3]] == np.array([0, 1, 3])[found.table]).all()
    assert NAMES.index("poor") not in deep
    assert (deep[2] == deep[0]).all()


def test_rows_say_nothing_twice(found):
    written = rows(found, NAMES)
    assert all(len(row) == 1 or row[-1] != row[-2] for row in written)
    deep = found.table.shape[1]
    assert (full(written, deep + 50)[:, deep:] == full(written, deep)[:, -1:]).all()


def varying(known, scv):
    """The profile with services of this squared coefficient of variation."""
    costs = [rung.costs["images"].model_copy(update={"scv": scv}) for rung in known.rungs]
    pairs = zip(known.rungs, costs, strict=True)
    rungs = tuple(rung.model_copy(update={"costs": {"images": cost}}) for rung, cost in pairs)
    return known.model_copy(update={"rungs": rungs})


@pytest.mark.parametrize("rate", [1.6, 2.5])
@pytest.mark.parametrize(("scv", "most"), [(1.0, ROUNDING), (0.0, 0.02)])
def test_on_the_same_arrivals_it_is_no_worse_than_the_plan(asked, rate, scv, most):
    """Services are exponential in the process; where they are not, a plan that was tuned in
    simulation may be better by a small share of the span."""
    at = replace(asked, rate=rate, profile=varying(asked.profile, scv))
    chosen, planned = best(at), plan(at)
    gains = [
        _quality(at, chosen.ladder, chosen.table, seed)
        - _quality(at, planned.ladder, planned.table, seed)
        for seed in SEEDS
    ]
    span = RUNGS["best"][1] - RUNGS["fast"][1]
    assert estimate(np.array(gains)).high >= -most * span
    assert outcome(at, chosen).target.low <= at.slo.seconds


def test_it_beats_thresholds_set_by_hand_that_meet_the_target(asked, found):
    by_hand = table(Thresholds((2, 4), (0, 1)))
    trial = asked.trial(asked.loaded(found.ladder, 1))
    assert trial.meets(trial.tried(by_hand))
    gains = [
        _quality(asked, found.ladder, found.table, seed)
        - _quality(asked, found.ladder, by_hand, seed)
        for seed in SEEDS
    ]
    assert estimate(np.array(gains)).low > 0


def _quality(at, ladder, tried, seed):
    return at.trial(at.loaded(ladder, 1)).tried(tried, [seed]).quality.mean


def test_a_rate_that_no_level_serves_leaves_the_last_one_for_ever(asked):
    at = replace(asked, rate=5.0)
    found = best(at)
    assert outcome(at, found) is None
    assert found.note == "no level serves this rate"
    assert rows(found, NAMES) == ((3,),) * 4


def test_a_target_that_nothing_meets_leaves_the_last_one_for_ever_and_says_so(asked):
    at = request("p95=100ms", rate=1.6, profile=asked.profile)
    found = best(at)
    assert found.note == "no table meets p95=0.1s"
    assert rows(found, NAMES) == ((3,),) * 4
    assert outcome(at, found).shares.tolist() == [0, 0, 1]


def test_a_queue_that_refuses_jobs_has_an_optimum_at_any_rate(asked):
    at = replace(asked, rate=6.0, capacity=12, most_lost=0.5)
    found = best(at)
    assert found.note == ""
    assert 0.1 < outcome(at, found).loss.mean < 0.5
    assert draft(at, found, tuple(map(level, NAMES))).rules.capacity == 12


def ladder(*names, steps=10):
    """A policy with these levels."""
    rules = PolicyRules(kind="fixed", level=names[0])
    return Policy(rules=rules, levels=tuple(level(name, steps) for name in names))


def test_only_the_policys_levels_count_as_they_are_there():
    known = measured(profile(), ladder("fast", "best", steps=12), "images")
    assert [rung.level.name for rung in known.rungs] == ["best", "fast"]
    assert {rung.level.image.steps for rung in known.rungs} == {12}
    assert known.cost("best", "images") == profile().cost("best", "images")


def test_a_level_that_was_not_measured_is_refused():
    with pytest.raises(ProfileError, match="no images cost for the level 'better'"):
        measured(profile(), ladder("better", "fast"), "images")
