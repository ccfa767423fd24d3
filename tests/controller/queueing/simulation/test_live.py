"""The live system's policy and profile as a scenario."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from controller.queueing import outlook
from controller.queueing.refusal import BadInput
from controller.queueing.simulation import live
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate, simulate_with
from controller.queueing.simulation.scenario import Horizon, Scenario
from services.contract.policy import Policy
from services.contract.profile import BatchLaw, Cost, Interval, Profile, ProfileError, Rung
from services.contract.rules import PolicyRules, Slo
from tests.controller.situations import NAMES, ladder, level

LAW = BatchLaw(tau0=0.6, tau1=0.4, cap=4)
SECONDS = {"best": 1.2, "good": 0.8, "fair": 0.4}
QUALITIES = {"best": 30.0, "good": 29.0, "fair": 25.0}


def cost(name: str, *, judged: bool = True) -> Cost:
    def around(value: float) -> Interval:
        return Interval(value=value, low=value, high=value)

    quality = around(QUALITIES[name]) if judged else None
    return Cost(seconds=around(SECONDS[name]), scv=0.2, quality=quality)


def profile(*names: str, judged: bool = True) -> Profile:
    rungs = tuple(
        Rung(level=level(name), costs={"images": cost(name, judged=judged)}) for name in names
    )
    return Profile(made_with={}, rungs=rungs, batch={"images": LAW})


def of(policy: Policy, measured: Profile) -> Scenario:
    return live.scenario(policy, measured, "images", arrivals=Poisson(3.0), workers=2)


def ruled(**rules: object) -> Policy:
    return Policy(
        rules=PolicyRules(**rules),
        profile=Path("profile.json"),
        levels=tuple(level(name) for name in NAMES[:3]),
    )


def test_everything_measured_is_taken_over() -> None:
    policy = ladder(4, 8, hysteresis=2, dwell=3.0)
    scenario = of(policy, profile("fair", "best", "good"))
    assert [(each.mean, each.scv) for each in scenario.services] == [
        (1.2, 0.2),
        (0.8, 0.2),
        (0.4, 0.2),
    ]
    assert scenario.qualities == (30.0, 29.0, 25.0)
    assert scenario.laws == (LAW,) * 3
    assert (scenario.law, scenario.workers) == (LAW, 2)
    assert (scenario.switching.period, scenario.switching.dwell) == (0.25, 3.0)
    assert scenario.switching.retime
    table = scenario.switching.table
    assert table[0, [3, 4, 7, 8, -1]].tolist() == [0, 1, 1, 2, 2]
    assert table[1, [2, 3]].tolist() == [0, 1]


def test_so_is_how_company_slows_each_level() -> None:
    measured = profile("best", "good", "fair")
    crowded = cost("fair").model_copy(update={"crowding": 0.9})
    fair = measured.rungs[2].model_copy(update={"costs": {"images": crowded}})
    measured = measured.model_copy(update={"rungs": (*measured.rungs[:2], fair)})
    scenario = of(ladder(4, 8), measured)
    assert scenario.crowding == (None, None, 0.9)
    assert scenario.laws[2] == measured.law("images", "fair")


def test_rules_of_the_queue_and_their_capacity_apply() -> None:
    policy = ladder(4, 8).model_copy(
        update={"queues": {"images": PolicyRules(kind="fixed", level="good", capacity=7)}}
    )
    scenario = of(policy, profile("best", "good", "fair"))
    assert scenario.capacity == 7
    assert (scenario.switching.table == 1).all()
    assert simulate(scenario, 1).depth_seconds(0, 100) < 700


def test_thresholds_deeper_than_usual_are_reached() -> None:
    scenario = of(ladder(4, 1000), profile("best", "good", "fair"))
    assert scenario.switching.table[0, [999, 1000]].tolist() == [1, 2]


@pytest.mark.parametrize("kind", ["slo", "planned"])
def test_rules_that_predict_do_so_from_the_profile(kind: str) -> None:
    scenario = of(ruled(kind=kind, slo=Slo(seconds=4.0)), profile("best", "good", "fair"))
    first = scenario.switching.table[0]
    assert (np.diff(first) >= 0).all()
    assert (first[0], first[-1]) == (0, 2)
    loose = of(ruled(kind=kind, slo=Slo(seconds=8.0)), profile("best", "good", "fair"))
    assert loose.switching.table[0].sum() < first.sum()


def test_pictures_follow_the_level_down_where_all_levels_let_them() -> None:
    levels = ladder(4, 8).levels
    stays = levels[1].model_copy(
        update={"image": levels[1].image.model_copy(update={"retime": False})}
    )
    assert outlook.retimes(levels, "images")
    assert not outlook.retimes((levels[0], stays), "images")
    assert not outlook.retimes(levels, "stories")


def test_patience_is_heeded() -> None:
    """The queue never reaches the threshold, and still its oldest waits too long; the table for
    the impatient does as `decide` does."""
    names = NAMES[:3]
    shares = []
    for patience in (None, 1.0):
        policy = ruled(thresholds=(900, 1000), dwell_seconds=0, patience_seconds=patience)
        scenario = dataclasses.replace(of(policy, profile(*names)), horizon=Horizon(jobs=300))
        known = outlook.forecast(policy, profile(*names), "images", rate=3.0, workers=2)
        found = simulate(scenario, 1)
        decided = simulate_with(scenario, 1, live.deciding(policy, known))
        assert found.switch_time.tolist() == decided.switch_time.tolist()
        assert found.finish.tolist() == decided.finish.tolist()
        shares.append(found.residency(0.0, found.arrival[-1])[0])
    assert shares[0] == 1
    assert shares[1] < 0.99


def test_what_the_profile_lacks_is_named() -> None:
    with pytest.raises(ProfileError, match="'fair'"):
        of(ladder(4, 8), profile("best", "good"))
    unjudged = profile("best", "good", "fair", judged=False)
    assert of(ladder(4, 8), unjudged).qualities is None
    with pytest.raises(BadInput, match="quality of every level"):
        of(ruled(kind="planned", slo=Slo(seconds=4.0)), unjudged)
