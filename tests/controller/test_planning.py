"""What becomes of a plan that is made beside the loop."""

import builtins
import threading
from functools import partial

import pytest

from controller.model import Thresholds
from controller.occasion import Plan, at_first_sight
from controller.planning import Planner, planner, watched_for
from services.contract.forecast import Origin, Rate
from services.contract.policy import PolicyError
from services.contract.queues import Load
from services.contract.rules import Slo
from tests.controller.situations import NAMES, NOW, forecast, ladder, predicting, profile
from tests.waiting import wait_until

BASIS = forecast(8, 2, 1, arrivals=Rate(value=1.0, error=0.1))
PLAN = Plan(Thresholds((4, 9), (2, 7)), BASIS, "the first plan")
SLO = Slo(seconds=10)
ORIGIN = Origin(slo=SLO, levels="a digest")
FOUND = BASIS.model_copy(update={"thresholds": (4, 9), "climb": (2, 7), "origin": ORIGIN})


def _later(seconds: float, **changed):
    return BASIS.model_copy(update={"at": NOW + seconds, **changed})


def _planner(replan):
    return Planner(NAMES[:3], ORIGIN, (30.0, 29.0, 28.0), replan)


def test_planning_does_not_hold_the_loop_up():
    begin, asked = threading.Event(), []

    def slow(*given):
        begin.wait(20)
        asked.append(given)
        return PLAN.chosen

    made = _planner(slow)
    assert made.turn(BASIS) is None
    assert made.turn(_later(100)) is None
    assert asked == []
    begin.set()
    plan = wait_until(lambda: made.turn(_later(1)), "the plan is ready")

    assert asked == [(at_first_sight(BASIS), SLO, (30.0, 29.0, 28.0), None)]
    assert (plan.chosen, plan.why) == (PLAN.chosen, "the first plan")
    assert made.plan == plan


def test_the_first_plan_is_for_as_many_arrivals_as_there_may_be_the_next_for_those_there_are():
    asked = []
    made = _planner(lambda found, *_: asked.append(found) or PLAN.chosen)
    for seconds in (0, 70):
        found = _later(seconds, arrivals=Rate(value=1.0, error=0.6))
        made.turn(found)
        wait_until(partial(made.turn, found), "the plan is ready")
    assert [found.arrivals for found in asked] == [
        Rate(value=1.6, error=0.6),
        Rate(value=1.0, error=0.6),
    ]


def test_all_thresholds_are_searched_again_after_so_long_whatever_was_planned_between():
    starts = []
    made = _planner(lambda *given: starts.append(given[-1]) or PLAN.chosen)
    for seconds in (0, 100, 200, 300, 400):
        made.turn(_later(seconds))
        wait_until(partial(made.turn, _later(seconds)), "the plan is ready")
    assert starts == [None, PLAN.chosen, PLAN.chosen, None, PLAN.chosen]


def test_one_plan_can_be_waited_for_and_its_failure_is_told(caplog):
    plan = _planner(lambda *_: PLAN.chosen).once(BASIS)
    assert (plan.chosen, plan.basis.arrivals.value) == (PLAN.chosen, pytest.approx(1.1))
    assert _planner(lambda *_: 1 / 0).once(BASIS) is None
    assert "cannot plan thresholds" in caplog.text


def test_who_looked_once_takes_the_arrivals_of_the_last_minute():
    load = Load(now=NOW, arrival_rate=0.5, queues={})
    rate = watched_for(load)
    assert (rate.value, rate.error) == (0.5, pytest.approx(30.5**0.5 / 60))


@pytest.mark.parametrize("wrong", [((4,), (2,)), ((4, 9, 12), (1, 2, 3)), ((4, 9), (4, 9))])
def test_thresholds_that_do_not_fit_the_ladder_are_refused_and_the_old_ones_stay(wrong):
    made = _planner(lambda *_: Thresholds(*wrong))
    assert made.resume(FOUND.model_copy(update={"at": NOW - 60})) == PLAN.chosen
    before = made.plan
    made.turn(BASIS)
    with pytest.raises(ValueError, match=r"rules\."):
        wait_until(lambda: made.turn(BASIS), "it fails")
    assert made.plan == before


def test_after_a_failure_it_rests():
    asked = []

    def broken(*_):
        asked.append(1)
        raise ZeroDivisionError

    made = _planner(broken)
    for seconds in (0, 1, 59, 60.5):
        made.turn(_later(seconds))
        wait_until(partial(_failed_or_idle, made), "it fails")
    assert len(asked) == 2


def _failed_or_idle(made):
    """True once the planner has nothing under way; what it failed with is taken from it."""
    try:
        made.turn(BASIS)
    except ZeroDivisionError:
        return True
    return made._under_way is None


def test_only_planned_rules_are_planned():
    assert planner(ladder(2, 4), "images", profile(8, 2, 1)) is None
    assert planner(predicting("slo"), "images", profile(8, 2, 1)) is None
    assert planner(predicting("planned"), "images", profile(8, 2, 1)) is not None


def test_a_plan_by_the_models_fits_the_ladder():
    made = planner(predicting("planned"), "images", profile(8, 2, 1))
    made.turn(BASIS)
    chosen = wait_until(lambda: made.turn(BASIS), "the plan is ready", 60).chosen
    assert len(chosen.thresholds) == len(chosen.climb) == 2
    assert all(type(depth) is int for depth in (*chosen.thresholds, *chosen.climb))


def test_without_the_libraries_planned_rules_say_what_to_install(monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.startswith("controller.queueing"):
            raise ImportError("No module named 'numpy'")
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    assert planner(predicting("slo"), "images", profile(8, 2, 1)) is None
    with pytest.raises(PolicyError, match=r"pip install '\.\[planning\]'"):
        planner(predicting("planned"), "images", profile(8, 2, 1))


def test_levels_without_a_measured_quality_are_planned_by_their_order(caplog):
    whole = profile(8, 2, 1)
    rungs = tuple(
        rung.model_copy(
            update={
                "costs": {q: c.model_copy(update={"quality": None}) for q, c in rung.costs.items()}
            }
        )
        for rung in whole.rungs
    )
    made = planner(predicting("planned"), "images", whole.model_copy(update={"rungs": rungs}))
    assert made._qualities == (3.0, 2.0, 1.0)
    assert "no quality for images" in caplog.text
