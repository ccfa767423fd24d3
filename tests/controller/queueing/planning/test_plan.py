"""The plan in simulation, against plans made by hand."""

import dataclasses
from itertools import combinations

import pytest

from controller.model import Thresholds
from controller.queueing.planning.conduct import Conduct
from controller.queueing.planning.plan import Impossible, plan
from controller.queueing.planning.thresholds import table
from controller.queueing.planning.yardstick import ACCURACY
from controller.queueing.refusal import BadInput, Unstable
from services.contract.profile import BatchLaw
from tests.controller.queueing.planning.situations import ENGINE, RUNGS, profile, request

BY_HAND = (1, 2, 3, 4, 6, 8, 11, 15)


WIDE = BatchLaw(tau0=0.7, tau1=0.3, cap=8)
"""With this law and 8 places, a queue that is long before a level is left is regained late."""


@pytest.fixture(scope="module")
def planned():
    """Two jobs a second, of 1, 0.5 and 0.2 s, on one worker, 95 % within 4 s."""
    return plan(request("p95=4s"))


def test_the_plan_meets_the_target_with_its_whole_interval(planned):
    assert planned.outcome.target.high <= 4
    assert planned.outcome.target == planned.outcome.p95


def test_no_pair_of_thresholds_set_by_hand_is_better(planned):
    everything = planned.request.profile
    asked = request("p95=4s", profile=everything)
    ladder = tuple(each for each in planned.frontier.kept)
    trial = asked.trial(asked.loaded(ladder, 1))
    mine = planned.outcome.quality

    for down in combinations(BY_HAND, 2):
        for gap in (1, 3):
            climb = tuple(max(0, depth - gap) for depth in down)
            found = trial.tried(table(Thresholds(down, climb)))
            assert not trial.meets(found) or found.quality.mean <= mine.high, (down, climb)


@pytest.fixture(scope="module")
def wide():
    """Two levels of an engine of 8 places, which all but fills at the first one alone."""
    rungs = {"good": (0.7, 88.2), "fast": (0.245, 87.95)}
    asked = {"rate": 4.0, "profile": profile(rungs, WIDE), "levels": 2}
    return request("p95=10s", conduct=Conduct(retime=True), **asked)


def test_no_pair_is_better_where_gaps_are_wide(wide):
    found = plan(wide)
    trial = wide.trial(wide.loaded(found.ladder, 1))
    [down] = found.thresholds.thresholds

    for depth in {down - 4, down, down + 4, 2 * down // 3}:
        for back in (0, depth // 8, depth // 4, depth // 2, depth * 3 // 4, depth - 1):
            by_hand = trial.tried(table(Thresholds((depth,), (back,))))
            met = trial.meets(by_hand)
            assert not met or by_hand.quality.mean <= found.outcome.quality.high, (depth, back)


def test_the_optimum_is_at_least_as_good_as_thresholds_where_gaps_are_wide(wide):
    found, best = plan(wide), plan(dataclasses.replace(wide, kind="table"))

    assert best.outcome.target.high <= 10
    assert best.outcome.quality.high >= found.outcome.quality.mean


def test_the_optimum_is_near(planned):
    known = ACCURACY * (0.31 - 0.25)
    assert -known <= planned.gap_to_optimal < 0.05 * (0.31 - 0.25)


def test_the_same_question_has_the_same_answer(planned):
    assert plan(request("p95=4s")).as_json() == planned.as_json()


def test_shares_and_quality_belong_together(planned):
    qualities = [each.quality.value for each in planned.ladder]

    assert planned.outcome.shares.sum() == pytest.approx(1.0)
    assert planned.outcome.shares @ qualities == pytest.approx(planned.outcome.quality.mean)


def test_the_least_workers_that_meet_the_target():
    found = plan(request("p95=3s", rate=7.0, workers=(1, 4)))

    assert found.workers == 2


def test_a_dominated_level_is_left_out_by_name():
    found = plan(request(profile=profile(RUNGS | {"vain": (0.8, 0.29)})))

    assert [each.name for each in found.frontier.left_out] == ["vain"]
    assert "vain" not in found.levels


def test_an_idle_queue_has_the_best_level_alone():
    found = plan(request("p95=5s", rate=0.05))

    assert found.levels == ("best",)
    assert found.thresholds == Thresholds((), ())


def test_the_optimum_as_a_table_is_as_good_as_thresholds(planned):
    found = plan(request("p95=4s", kind="table"))

    assert found.outcome.target.high <= 4
    assert found.outcome.quality.high >= planned.outcome.quality.low


@pytest.mark.parametrize("kind", ["slo", "planned"])
def test_rules_that_predict_are_reported_as_they_will_run(kind):
    found = plan(request("p95=4s", kind=kind, profile=profile(law=ENGINE)))

    assert 0.25 <= found.outcome.quality.mean <= 0.31
    assert bool(found.thresholds.thresholds) == (kind == "planned")


def test_a_buffer_lets_a_load_be_planned_that_has_no_steady_state():
    found = plan(request("p95=3s", rate=6.0, capacity=12, most_lost=0.25))

    assert 0.1 < found.outcome.loss.mean < 0.25
    assert found.outcome.target.high <= 3


def test_a_target_is_not_met_by_refusing_jobs():
    small = {"rate": 1.0, "capacity": 6, "levels": 2}
    found = plan(request("p95=10s", **small))
    lossy = plan(request("p95=10s", **small, most_lost=0.9))

    assert found.outcome.loss.high <= 0.01
    assert lossy.outcome.loss.low > 0.05
    assert found.outcome.quality.high < lossy.outcome.quality.low
    with pytest.raises(Impossible, match=r"lost, and at most 1\.00% may be"):
        plan(request("p95=3s", rate=6.0, capacity=12))


@pytest.mark.parametrize("kind", ["threshold", "table"])
def test_a_constant_added_to_all_qualities_changes_no_plan(kind, planned):
    lower = {name: (seconds, quality - 100) for name, (seconds, quality) in RUNGS.items()}
    asked = {"levels": 2, "kind": kind, "jobs": 1500}

    one, other = (
        plan(request("p95=4s", profile=profile(each), **asked)) for each in (RUNGS, lower)
    )

    assert (one.levels, one.thresholds) == (other.levels, other.thresholds)
    assert (one.table == other.table).all()
    assert one.gap_to_optimal == pytest.approx(other.gap_to_optimal, abs=1e-9)
    assert other.outcome.quality.mean == pytest.approx(one.outcome.quality.mean - 100)


def test_what_cannot_be_met_is_refused_with_what_comes_nearest():
    with pytest.raises(Impossible, match=r"no plan meets p95=0.1s .* nearest has 1 and .* fast"):
        plan(request("p95=100ms"))


def test_what_cannot_be_served_is_refused_with_the_limit():
    with pytest.raises(Unstable, match=r"to below 4\.975 a second"):
        plan(request(rate=6.0))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"rate": -2.0}, "rate is -2"),
        ({"workers": (0, 1)}, "workers"),
        ({"workers": (3, 2)}, "from 3 to 2 workers"),
        ({"levels": 0}, "levels"),
        ({"jobs": 5}, "jobs is 5: it must be a whole number of at least 1000"),
        ({"capacity": 0}, "capacity is 0"),
        ({"most_lost": 1.5}, "no share"),
    ],
)
def test_what_cannot_be_asked_is_refused(changed, message):
    with pytest.raises(BadInput, match=message):
        request(**changed)
