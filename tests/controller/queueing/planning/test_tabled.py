"""The optimum as a table for a whole ladder; plans and the contender of the frontier as oracles."""

from dataclasses import replace

import numpy as np
import pytest

from controller.model import Thresholds
from controller.queueing.frontier.contenders import optimal, planned
from controller.queueing.planning.plan import plan
from controller.queueing.planning.tabled import best, draft, of_policy, outcome, rows
from controller.queueing.planning.thresholds import table
from controller.queueing.simulation.estimates import estimate
from controller.queueing.switching import tabulate
from services.contract.policy import Policy
from services.contract.profile import ProfileError
from services.contract.rules import PolicyRules, check
from tests.controller.queueing.planning.situations import ENGINE, RUNGS, level, profile, request

POOR = {"poor": (0.8, 0.28)}
"""Dominated by `good`."""
NAMES = ("best", "good", "poor", "fast")
SEEDS = range(200, 208)
CHANCE = 1e-3
"""Of the span: less than this cannot be told from nothing on so many jobs."""


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
@pytest.mark.parametrize(("scv", "most"), [(1.0, CHANCE), (0.0, 0.02)])
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
    gained = estimate(np.array(gains))
    assert gained.mean >= -most * span
    assert gained.high - gained.low < 0.005 * span
    assert outcome(at, chosen).target.mean <= at.slo.seconds


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


CROWDED = {"best": (2.0, 0.35), "good": (1.0, 0.30), "poor": (0.9, 0.25)}
SHARES = {"best": 0.0, "good": 0.0, "poor": 1.0}
"""Of four places each: 2, 4 and 1.11 jobs a second."""


@pytest.mark.parametrize(
    ("rate", "names"),
    [(1.0, ("best", "good", "poor")), (2.5, ("best", "good")), (4.5, ("good",))],
)
def test_the_fastest_level_is_that_of_the_greatest_rate(rate, names):
    """The last one, quickest alone, is no use where it cannot keep up."""
    at = request("p95=9s", rate=rate, profile=profile(CROWDED, ENGINE, SHARES))
    found = best(at)
    assert tuple(each.name for each in found.ladder) == names
    assert found.served is (rate < 4)
    if found.served:
        assert outcome(at, found).target.mean <= 9
    else:
        assert planned(at).names == names


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


def test_where_too_many_are_lost_the_note_says_so(asked):
    at = replace(asked, rate=6.0, capacity=12)
    found = best(at)
    assert found.note == "no table meets p95=4s and loses at most 1.00% of the jobs"
    assert outcome(at, found).loss.low > 0.01
    assert rows(found, NAMES) == ((3,),) * 4


@pytest.mark.parametrize(("names", "patient"), [(NAMES, False), (tuple(RUNGS), True)])
def test_patience_is_for_ladders_without_a_dominated_level(asked, names, patient):
    """It lowers by a rung: to `poor`, which takes longer than the `good` that the table says."""
    at = replace(asked, profile=of_policy(asked.profile, ladder(*names), "images"))
    made = draft(at, best(at), tuple(map(level, names)))
    rules = made.rules.model_copy(update={"patience_seconds": 1.0})
    impatient = ladder(*names).model_copy(update={"rules": rules})
    lowered = tabulate(impatient, 60, oldest_age=2.0)
    strays = "poor" in names and names.index("poor") in lowered[:, 1:]
    assert made.patient is patient
    assert strays is not patient


def ladder(*names, steps=10):
    """A policy with these levels."""
    rules = PolicyRules(kind="fixed", level=names[0])
    return Policy(rules=rules, levels=tuple(level(name, steps) for name in names))


def test_only_the_policys_levels_count_as_they_are_there():
    """And have the costs of what was measured under their names, whatever they are now."""
    known = of_policy(profile(), ladder("fast", "best", steps=12), "images")
    assert [rung.level.name for rung in known.rungs] == ["best", "fast"]
    assert {rung.level.image.steps for rung in known.rungs} == {12}
    assert known.cost("best", "images") == profile().cost("best", "images")


def test_a_level_that_was_not_measured_is_refused():
    with pytest.raises(ProfileError, match="no images cost for the level 'better'"):
        of_policy(profile(), ladder("better", "fast"), "images")
