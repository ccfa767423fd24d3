"""Costs by the formulas of textbooks, and what becomes of a profile that is measured again."""

import pytest

from services.contract.ladder import Level
from services.contract.profile import Cost, Interval, Profile, Rung, Timing
from worker.study.profiling.result import (
    Findings,
    assembled,
    cost,
    figures,
    law,
    table,
    timings_of,
    with_qualities,
    with_qualities_of,
)
from worker.study.profiling.trial import Measured, Trial


def timing(
    *seconds: float, memory_mb: float | None = None, story: int = 0, batch: int = 1
) -> Timing:
    return Timing(
        queue="stories",
        setting={"max_tokens": 64, "story": story},
        steps=10,
        batch=batch,
        seconds=seconds,
        memory_mb=memory_mb,
    )


def level(name: str, steps: int = 10) -> Level:
    image = {"sampler": "ddim", "steps": steps, "guidance_scale": 3.0}
    return Level.model_validate({"name": name, "image": image, "story": {"max_tokens": 64}})


def profile(*levels: Level) -> Profile:
    price = Cost(seconds=Interval(value=1, low=1, high=1))
    return Profile(
        made_with={}, rungs=tuple(Rung(level=each, costs={"images": price}) for each in levels)
    )


def test_the_cost_of_a_level_is_over_all_its_stories() -> None:
    """Mean 4, standard deviation 2, and t with two degrees of freedom is 4.3027."""
    found = cost(
        [timing(2.0, memory_mb=5), timing(4.0, story=1, memory_mb=7), timing(6.0, story=2)], []
    )
    reach = 4.302652729911275 * 2 / 3**0.5
    assert found.seconds.value == 4
    assert found.seconds.high == pytest.approx(4 + reach)
    assert found.seconds.low == 0  # 4 - 4.97 is no time
    assert found.scv == pytest.approx(4 / 16)
    assert found.memory_mb == 7


def test_an_interrupted_repeat_costs_nothing() -> None:
    steady = (1.0, 1.01, 0.99, 1.02, 0.98)
    assert cost([timing(*steady, 9.0)], []) == cost([timing(*steady)], [])


def test_company_is_in_a_cost_but_not_in_its_seconds() -> None:
    """4 seconds alone and 12 beside four others: each adds half of the time alone."""
    alone, beside = timing(4.0, 4.0, memory_mb=5), timing(12.0, 12.0, memory_mb=9, batch=5)
    found = cost([alone, beside], [alone, beside])
    assert (found.seconds.value, found.scv, found.memory_mb) == (4, 0, 5)
    assert found.crowding == pytest.approx(0.5)
    assert cost([alone], [alone]).crowding is None
    assert cost([alone], [alone, beside]) == found, "a story level has the first one's"


def test_repeats_come_together_in_the_order_of_their_turns() -> None:
    def made(repeat: int, steps: int, seconds: float) -> Measured:
        trial = Trial(queue="images", setting={"a": 1}, steps=steps, batch=1, repeat=repeat)
        return Measured(trial=trial, steps=steps, seconds=seconds, memory_mb=10 * seconds)

    found = timings_of([made(0, 5, 1.0), made(0, 9, 2.0), made(1, 5, 3.0), made(1, 9, 4.0)])
    assert [(each.steps, each.seconds) for each in found] == [(5, (1.0, 3.0)), (9, (2.0, 4.0))]
    assert [each.memory_mb for each in found] == [30, 40]


def test_without_company_there_is_no_law() -> None:
    assert law([timing(1.0), timing(2.0, story=1)], cap=8) is None


def test_quality_stays_with_the_pictures_that_it_was_judged_of() -> None:
    worth = Interval(value=88, low=87, high=89)
    before = with_qualities(profile(level("old"), level("few", 2)), {"old": worth, "few": None})
    after = with_qualities_of(before, profile(level("new"), level("few", 3)))
    assert after.cost("new", "images").quality == worth
    assert after.cost("few", "images").quality is None


def test_the_table_shows_what_company_adds_where_it_is_known() -> None:
    alone, beside = timing(4.0, 4.0), timing(12.0, 12.0, batch=5)
    costs = {"slow": cost([alone], [alone, beside]), "quick": cost([alone], [])}
    written = Findings("stories", "a model", (alone, beside), costs, None)
    made = assembled([level("slow"), level("quick")], [written], {})
    shown = table(made)
    [panel] = shown.panels
    place = panel.columns.index("crowding", panel.columns.index("story s"))
    assert [row[place] for row in panel.rows] == ["0.500", ""]
    assert "crowding: share of that time" in shown.caption
    assert figures(made)["rungs"]["slow"]["stories"]["crowding"] == pytest.approx(0.5)
    assert with_qualities(made, {"slow": None, "quick": None}) == made
