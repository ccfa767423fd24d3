"""The plan in simulation, against plans made by hand."""

from itertools import combinations

import pytest

from controller.queueing.planning.plan import Impossible, plan
from controller.queueing.planning.thresholds import Thresholds, table
from controller.queueing.planning.trial import Conduct
from controller.queueing.refusal import BadInput, Unstable
from tests.controller.queueing.planning.situations import ENGINE, RUNGS, profile, request

BY_HAND = (1, 2, 3, 4, 6, 8, 11, 15)


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


def test_the_optimum_is_near(planned):
    assert 0 <= planned.gap_to_optimal < 0.05 * (0.31 - 0.25)


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
    found = plan(request("p95=3s", rate=6.0, capacity=12, conduct=Conduct(dwell=0.5)))

    assert found.outcome.loss.mean > 0.1
    assert found.outcome.target.high <= 3


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
    ],
)
def test_what_cannot_be_asked_is_refused(changed, message):
    with pytest.raises(BadInput, match=message):
        request(**changed)
