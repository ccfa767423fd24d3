"""What a study is to do: read, told, compared."""

from pathlib import Path

import pytest

from evidence import caps, plan
from evidence.asked import Asked
from evidence.plan import BadPlan, differences, read, told
from evidence.stages_offline import LEVELS
from services.contract.policy import load


@pytest.mark.parametrize("name", ["laptop", "full"])
def test_both_plans_can_be_read_and_name_levels_of_the_ladder(name: plan.Name) -> None:
    found = read(name)
    ladder = load(plan.LADDER)
    assert ladder.names == LEVELS
    assert {found.strategies.level, *found.live.reference.levels} <= set(ladder.names)
    fixed = {each.removeprefix("fixed:") for each in found.live.policies if "fixed:" in each}
    assert fixed == set(ladder.names)


def test_the_laptops_study_is_expected_to_take_an_hour_at_most() -> None:
    stages = Asked(read("laptop"), Path(), "docs/studies/x").stages
    assert all(stage.minutes > 0 for stage in stages)
    assert sum(stage.minutes for stage in stages) <= 60


def test_a_wrong_plan_is_named_with_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "plans.toml"
    file.write_text(plan.PLANS.read_text().replace("captions = 96", "captions = 0"))
    with pytest.raises(BadPlan, match=r"quality\.captions"):
        read("laptop", file)
    file.write_text("[full]\n")
    with pytest.raises(BadPlan, match=r"no \[laptop\]"):
        read("laptop", file)
    with pytest.raises(BadPlan, match="nowhere"):
        read("laptop", tmp_path / "nowhere")


def test_what_two_plans_differ_in_is_said_one_by_one() -> None:
    before = told(read("laptop"))
    assert differences(before, told(read("laptop"))) == []
    other = read("laptop").model_copy(update={"queue_capacity": 7})
    assert differences(before, told(other)) == ["queue_capacity was 10000 and is 7"]


def test_expectations_are_no_part_of_what_decides_the_result() -> None:
    other = read("laptop").model_copy(update={"minutes": {}})
    assert told(other) == told(read("laptop"))


def test_no_more_are_together_than_a_worker_advances() -> None:
    found = caps.within(read("laptop"), 4, 1)
    assert found.profile.batches == (1, 2, 4)
    assert found.calibration.together == (1, 4)
    assert caps.within(read("laptop"), 2, 1).live.reference.together == (1, 2)
    assert found.profile.story_batches == (1,)
    assert caps.within(read("laptop"), 8, 8) == read("laptop")


def test_the_ladder_is_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before, other = told(read("laptop")), tmp_path / "ladder.toml"
    other.write_text(plan.LADDER.read_text().replace("[4, 12]", "[5, 12]"))
    monkeypatch.setattr(plan, "LADDER", other)
    found = differences(before, told(read("laptop")))
    assert found == ["ladder.rules.thresholds was [4, 12] and is [5, 12]"]
