"""Which plan of the leader before is kept."""

import pytest

from controller.model import Thresholds
from controller.occasion import reason_to_plan
from controller.planning import Planner, planner
from services.contract.forecast import Origin, Rate
from services.contract.rules import Slo
from tests.controller.situations import NAMES, NOW, forecast, predicting, profile

SLO = Slo(seconds=10)
ORIGIN = Origin(slo=SLO, levels="a digest")
CHOSEN = Thresholds((4, 9), (2, 7))
FOUND = forecast(8, 2, 1, origin=ORIGIN, **CHOSEN._asdict())


def _planner() -> Planner:
    return Planner(NAMES[:3], ORIGIN, (30.0, 29.0, 28.0), lambda *_: CHOSEN)


def test_a_successor_keeps_the_thresholds_it_finds_until_it_knows_better():
    made = _planner()
    unsure = Rate(value=4.0, error=4.0)
    assert made.resume(FOUND) == CHOSEN
    assert (
        reason_to_plan(FOUND.model_copy(update={"at": NOW + 10, "arrivals": unsure}), made.plan)
        is None
    )
    assert made.resume(FOUND.model_copy(update={"thresholds": (4,), "climb": (2,)})) is None


@pytest.mark.parametrize(
    "origin",
    [
        None,
        Origin(slo=Slo(seconds=11), levels="a digest"),
        Origin(slo=Slo(seconds=10, percentile="mean"), levels="a digest"),
        Origin(slo=SLO, levels="another"),
    ],
)
def test_what_was_planned_for_another_target_or_ladder_is_no_plan(origin):
    """Nor are the thresholds of rules that plan nothing."""
    made = _planner()
    assert made.resume(FOUND.model_copy(update={"origin": origin})) is None
    assert made.plan is None


def test_an_edit_of_a_level_makes_another_ladder():
    policy = predicting("planned")
    image = policy.levels[1].image.model_copy(update={"steps": 9})
    edited = policy.levels[1].model_copy(update={"image": image})
    other = policy.model_copy(update={"levels": (policy.levels[0], edited, policy.levels[2])})
    before, same, after = (
        planner(each, "images", profile(8, 2, 1)).origin
        for each in (policy, predicting("planned"), other)
    )
    assert before == same != after
