"""Rules that predict, tables, and patience: which level, and why, by example."""

import pytest

from controller.decide import Decision, Standing, decide
from services.contract.rules import Slo
from tests.controller.situations import NOW, forecast, ladder, load, pin, predicting, state, table

# Alone 4, 2 and 1 s; a job behind n takes n + 1/2 times as long, for the first is half done.
SECONDS = forecast(4, 2, 1)
SLO = predicting("slo", slo=Slo(seconds=8, percentile="mean"), hysteresis=1)
TABLE = table([[0, 0, 1, 2], [0, 1, 1, 2], [0, 0, 1, 2]], dwell_seconds=0)
PATIENT = ladder(6, 12, dwell=0)


def _decide(policy, depth, index=None, found=None, oldest=1.0):
    held = None if index is None else state(policy, index)
    return _from(held, policy, depth, found, oldest)


def _from(held, policy, depth, found=None, oldest=1.0):
    return decide(load(depth, oldest), Standing(held, None, found, fallback=1), policy, NOW)


@pytest.mark.parametrize(("depth", "index"), [(0, 0), (1, 0), (2, 1), (3, 1), (4, 2), (50, 2)])
def test_slo_takes_the_best_level_that_meets_the_target(depth, index):
    assert _decide(SLO, depth, found=SECONDS).index == index


def test_slo_says_what_it_predicts():
    decision = _decide(SLO, 2, 0, SECONDS)
    assert decision == Decision(1, "mean of a job behind 2 is 5.0 s, asked 8 s")


@pytest.mark.parametrize(("depth", "index"), [(1, 1), (0, 0)])
def test_slo_climbs_once_the_target_is_met_with_more_ahead(depth, index):
    """At depth 1 the best level would just do, but not with one more."""
    assert _decide(SLO, depth, 1, SECONDS).index == index


def test_slo_by_a_percentile_is_stricter_than_by_the_mean():
    varied = forecast(4, 2, 1, scv=1.0)
    strict = predicting("slo", slo=Slo(seconds=8, percentile=95), hysteresis=1)
    assert _decide(SLO, 1, found=varied).index == 0
    assert _decide(strict, 1, found=varied).index > 0
    assert _decide(strict, 1, 0, varied).reason.startswith("p95 of a job behind 1 is ")


@pytest.mark.parametrize("index", [0, 1, 2])
@pytest.mark.parametrize("kind", ["slo", "planned"])
def test_while_nothing_is_known_the_level_stays(kind, index):
    assert _decide(predicting(kind), 30, index) == Decision(index, "before")


NOTHING = pytest.mark.parametrize(
    ("kind", "reason"),
    [("slo", "nothing is predicted yet"), ("planned", "nothing is planned yet")],
)


@NOTHING
def test_before_anything_is_known_the_level_is_that_of_workers_without_a_controller(kind, reason):
    policy = predicting(kind)
    assert _decide(policy, 30) == Decision(1, reason)
    foreign = state(policy, 2, level=policy.levels[0])
    assert _from(foreign, policy, 30) == Decision(1, reason)


@NOTHING
@pytest.mark.parametrize("changed", [{"lease_until": NOW}, {"reason": "pinned by ada"}])
def test_a_level_that_lapsed_or_was_pinned_stays_too(kind, reason, changed):
    policy = predicting(kind)
    assert _from(state(policy, 2, **changed), policy, 30) == Decision(2, reason)


@NOTHING
def test_what_was_entered_without_knowing_is_left_without_a_dwell(kind, reason):
    policy = predicting(kind, dwell_seconds=60.0)
    blind = state(policy, 0, since=NOW, reason=reason)
    known = forecast(4, 2, 1, thresholds=(3, 5), climb=(1, 3))
    assert _from(blind, policy, 30, known).index == 2
    assert _from(state(policy, 0, since=NOW), policy, 30, known).index == 0


@NOTHING
def test_patience_lowers_nothing_while_nothing_is_known(kind, reason):
    policy = predicting(kind, patience_seconds=30.0)
    assert _decide(policy, 30, 1, oldest=99.0) == Decision(1, "before")
    assert _decide(policy, 30, oldest=99.0) == Decision(1, reason)


def test_planned_thresholds_go_before_those_of_the_rules():
    policy = predicting("planned", thresholds=(20, 40), hysteresis=2)
    plan = forecast(4, 2, 1, thresholds=(3, 5), climb=(1, 3))

    assert _decide(policy, 5, 0).index == 0
    assert _decide(policy, 5, 0, plan) == Decision(2, "depth 5 reached 5")
    assert _decide(policy, 2, 1, plan) == Decision(1, "before")
    assert _decide(policy, 1, 1, plan) == Decision(0, "depth 1 fell to 1 or less")


@pytest.mark.parametrize(
    ("depth", "before", "after"),
    [(1, 0, 0), (2, 0, 1), (1, 1, 1), (1, 2, 0), (0, 2, 0), (3, 0, 2), (99, 1, 2)],
)
def test_a_table_is_followed_its_last_column_beyond_its_end(depth, before, after):
    reason = "before" if before == after else f"the table says so for depth {depth}"
    assert _decide(TABLE, depth, before) == Decision(after, reason)


def test_a_table_begins_from_the_best_level():
    assert _decide(TABLE, 2).index == 1


@pytest.mark.parametrize(
    ("depth", "before", "after"), [(0, 0, 1), (0, 1, 1), (0, 2, 1), (7, 1, 2), (12, 2, 2)]
)
def test_who_waits_too_long_lowers_the_level_by_one(depth, before, after):
    policy = PATIENT.model_copy(
        update={"rules": PATIENT.rules.model_copy(update={"patience_seconds": 30.0})}
    )
    decision = _decide(policy, depth, before, oldest=31.4)
    because = "the oldest has waited 31 s, more than 30 s"
    assert decision == Decision(after, because if before != after else "before")
    assert _decide(policy, depth, before, oldest=30.0) == _decide(PATIENT, depth, before)


def test_patience_lowers_a_table_once_however_long_it_lasts():
    rows = [[0, 0, 1], [0, 1, 1], [1, 2, 2], [2, 2, 2]]
    policy = table(rows, dwell_seconds=0, patience_seconds=30.0)
    index, path = 0, []
    for _ in range(5):
        index = _decide(policy, 1, index, oldest=99.0).index
        path.append(index)
    assert path == [1, 1, 1, 1, 1]


def test_an_impatient_table_climbs_as_far_as_it_says():
    policy = table([[0, 3], [0, 3], [0, 3], [0, 3]], dwell_seconds=0, patience_seconds=30.0)
    assert _decide(policy, 0, 3).index == 0
    assert _decide(policy, 0, 3, oldest=99.0).index == 1


@pytest.mark.parametrize("policy", [SLO, TABLE, predicting("planned"), PATIENT])
def test_a_pin_goes_before_rules_of_every_kind(policy):
    standing = Standing(state(policy, 0, since=NOW), pin("good"), SECONDS)
    assert decide(load(50, 1e6), standing, policy, NOW).index == 1
