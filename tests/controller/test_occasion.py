"""When thresholds are planned anew, for which load, and from where."""

import pytest

from controller.model import Thresholds
from controller.occasion import (
    DRIFT,
    NEARBY,
    WHOLE_SECONDS,
    Plan,
    at_first_sight,
    plan_for,
    reason_to_plan,
    start_of,
)
from services.contract.forecast import Pace, Rate
from tests.controller.situations import NOW, forecast

BASIS = forecast(8, 2, 1, arrivals=Rate(value=1.0, error=0.1))
PLAN = Plan(Thresholds((4, 9), (2, 7)), BASIS, "the first plan")
SEARCHED = PLAN._replace(searched=BASIS)


def _later(seconds: float, **changed):
    return BASIS.model_copy(update={"at": NOW + seconds, **changed})


def _slower(factor: float, error: float, level: int = 2):
    paces = list(BASIS.paces)
    paces[level] = Pace(seconds=factor * BASIS.paces[level].seconds, error=error)
    return {"paces": tuple(paces)}


def _coming(rate: float):
    return {"arrivals": Rate(value=rate, error=0.01)}


@pytest.mark.parametrize(
    ("seconds", "changed", "reason"),
    [
        (6, {}, None),
        (59, {}, None),
        (60, {}, "the last plan is 60 s old"),
        (6, {"workers": 2}, "there are 2 workers, not 1"),
        (4, {"workers": 2}, None),
        (6, {"arrivals": Rate(value=1.5, error=0.2)}, "arrivals went from 1 to 1.5 a second"),
        (6, {"arrivals": Rate(value=0.5, error=0.2)}, "arrivals went from 1 to 0.5 a second"),
        (6, {"arrivals": Rate(value=1.5, error=0.5 / DRIFT)}, None),
        (6, _slower(1.5, 0.2), "level 2 takes 1.5 s, not 1 s"),
        (6, _slower(1.5, 0.3), None),
    ],
)
def test_what_drifted_beyond_its_error_or_grew_old_is_planned_anew(seconds, changed, reason):
    assert reason_to_plan(_later(seconds, **changed), PLAN) == reason


def test_without_a_plan_there_is_reason_for_one():
    assert reason_to_plan(BASIS, None) == "the first plan"


@pytest.mark.parametrize(
    ("seconds", "changed", "near"),
    [
        (6, {}, True),
        (WHOLE_SECONDS, {}, False),
        (6, {"workers": 2}, False),
        (6, _coming(1.4), True),
        (6, _coming(1.6), False),
        (6, _coming(0.6), False),
        (6, _slower(1.4, 0.1), True),
        (6, _slower(1.6, 0.1), False),
        (6, _slower(1.6, 0.1, level=0), False),
        (6, _slower(1.6, 0.1) | _coming(0.9), True),
        (6, _slower(1.6, 0.1) | _coming(0.6), False),
    ],
    ids=[
        "the same load",
        "all searched long ago",
        "more workers",
        "a little more arrives",
        "much more arrives",
        "much less arrives",
        "a little slower",
        "much slower at the last level",
        "much slower at the best level",
        "slower, and less arrives",
        "the last level has as much to do, the others have less",
    ],
)
def test_steps_are_taken_from_a_plan_for_a_load_nearby(seconds, changed, near):
    assert start_of(_later(seconds, **changed), SEARCHED) == (PLAN.chosen if near else None)


@pytest.mark.parametrize("plan", [None, PLAN])
def test_all_thresholds_are_searched_by_who_never_did(plan):
    assert start_of(BASIS, plan) is None


def test_many_small_changes_do_not_lead_far_from_the_load_for_which_all_were_searched():
    """A load that grows by a twentieth every 6 s: each plan is near the one before."""
    plan, starts = None, []

    def choose(found, start):
        starts.append((found.arrivals.value, start))
        return PLAN.chosen

    for step in range(16):
        plan = plan_for(_later(6 * step, **_coming(1.05**step)), "it grew", plan, choose)
    searched = [rate for rate, start in starts if start is None]
    assert searched == [at_first_sight(_later(0, **_coming(1.0))).arrivals.value, 1.05**9]
    assert starts[8][0] < NEARBY * searched[0] < starts[9][0]


def test_the_first_plan_is_for_as_many_arrivals_as_there_may_be():
    first = plan_for(BASIS, "the first plan", None, lambda found, start: PLAN.chosen)
    cautious = at_first_sight(BASIS)
    assert cautious.arrivals == Rate(value=1.1, error=0.1)
    assert first == Plan(PLAN.chosen, cautious, "the first plan", searched=cautious)


def test_a_plan_by_steps_remembers_when_all_were_searched():
    later = _later(70)
    plan = plan_for(later, "it is old", SEARCHED, lambda found, start: start)
    assert plan == Plan(PLAN.chosen, later, "it is old", searched=BASIS)


def test_a_plan_says_what_it_was_made_for():
    assert PLAN.told == (
        "planned anew for 1 ± 0.1 arrivals a second: levels are left at 4, 9, regained at 2, 7 "
        "(the first plan)"
    )
