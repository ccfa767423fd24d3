"""What is said of the optimum that was run on the live stack, and of what was run beside it."""

from pathlib import Path
from typing import Any

import pytest

from tests.evidence.report import optima, studies
from tests.evidence.report.rendered import abstract, body


def test_an_optimum_that_was_not_run_was_simulated_only(tmp_path: Path) -> None:
    studies.validated(tmp_path)
    studies.frontier(tmp_path)
    assert "The optimum was simulated only." in body(tmp_path)


def test_a_table_that_was_run_is_the_optimum(tmp_path: Path) -> None:
    optima.with_optimum(tmp_path)
    studies.frontier(tmp_path)
    found = body(tmp_path)
    assert "table:optimal is the optimum of the model: for each rate" in found
    assert "simulated only" not in found
    assert "aim at" not in found
    assert "counts neither in the ratio that was asked for nor in the margins" in found


@pytest.mark.parametrize(
    ("aim", "said"),
    [
        (4.0, "It and planned:4 aim at p95 ≤ 4 s; the target is p95 ≤ 5 s."),
        (6.0, "It aims at p95 ≤ 6 s; the target is p95 ≤ 5 s."),
    ],
)
def test_the_aim_of_the_optimum_is_told_beside_the_target(
    tmp_path: Path, aim: float, said: str
) -> None:
    optima.with_optimum(tmp_path)
    studies.write(tmp_path, "study.json", {"plan": {"live": {"aim": aim}}})
    assert said in body(tmp_path)


def test_planned_rules_that_were_not_run_are_not_named(tmp_path: Path) -> None:
    studies.validated(tmp_path, [*studies.RUNS, studies.run("table:optimal", 0.4, 2.5, 2.5)])
    studies.write(tmp_path, "study.json", {"plan": {"live": {"aim": 4.0}}})
    assert "It aims at p95 ≤ 4 s" in body(tmp_path)


def _distance(policy: str, value: float, half: float) -> dict[str, Any]:
    return optima.DISTANCE | {"policy": policy, "quality": studies.estimate(value, half)}


@pytest.mark.parametrize(
    ("others", "said", "unsaid"),
    [
        ([], "In 1 of 1 comparison the pictures of a policy are worse", "they are better"),
        (
            [_distance("threshold:4,12", -0.75, 0.25)],
            "In 2 of 2 comparisons the pictures of a policy are worse than the optimum's beyond "
            "chance, the most so those of threshold:4,12 at 0.4/s, by 0.75 points.",
            "In none of",
        ),
        ([_distance("threshold:4,12", 0.5, 0.25)], "In 1 they are better: ", "In none of"),
    ],
)
def test_what_is_behind_the_optimum_is_told_by_its_interval(
    tmp_path: Path, others: list[dict[str, Any]], said: str, unsaid: str
) -> None:
    optima.with_optimum(tmp_path, *others)
    found = body(tmp_path)
    assert said in found
    assert unsaid not in found
    row = "| 0.4 | planned:4 | −0.38 (−0.50 … −0.25) | 3.00 (2.70 … 3.30) | 2.50 (2.25 … 2.75) |"
    assert f"{row} worse |" in found


def test_nothing_behind_the_optimum_is_told(tmp_path: Path) -> None:
    optima.with_optimum(tmp_path)
    told = [_distance("planned:4", -0.1, 0.25)]
    studies.validated(tmp_path, less_optimum=told)
    found = body(tmp_path)
    assert "In none of 1 comparison" in found
    assert "not told apart |" in found
    assert "tell 0.05 of 1 comparison apart" in found
    said = "worse beyond chance in 0 of 1 comparison and better in 0, where chance alone would tell"
    assert f"{said} 0.05 apart" in abstract(tmp_path)


def test_what_is_ahead_of_the_optimum_is_in_the_abstract(tmp_path: Path) -> None:
    optima.with_optimum(tmp_path, _distance("threshold:4,12", 0.5, 0.25))
    said = "in 1 of 2 comparisons and better in 1, where chance alone would tell 0.1 apart"
    assert said in abstract(tmp_path)


def test_where_no_table_meets_the_aim_there_is_no_optimum(tmp_path: Path) -> None:
    optima.with_optimum(tmp_path, optima.DISTANCE | optima.UNMET)
    found = body(tmp_path)
    assert r"| 9 \* | planned:4 |" in found
    assert "no optimum |" in found
    assert "At 9/s no table meets p95 ≤ 4s. What ran there is no optimum" in found
    assert "In 1 of 1 comparison the pictures of a policy are worse" in found
    assert "of 1 comparison and" in abstract(tmp_path)
    assert "was not kept" not in found


def test_without_any_optimum_nothing_is_compared_with_it(tmp_path: Path) -> None:
    unmet = optima.DISTANCE | {"met": False}
    optima.with_optimum(tmp_path)
    studies.validated(tmp_path, less_optimum=[unmet])
    assert "optimum" not in abstract(tmp_path)
    found = body(tmp_path)
    assert "At 0.4/s the percentile of its table may be beyond the aim." in found
    assert "Each interval is of 95 %" not in found
    assert "worse than the optimum" not in found


def test_whether_the_aim_is_met_may_not_have_been_kept(tmp_path: Path) -> None:
    older = {name: each for name, each in optima.DISTANCE.items() if name not in ("met", "note")}
    optima.with_optimum(tmp_path)
    studies.validated(tmp_path, less_optimum=[older])
    found = body(tmp_path)
    assert "was not kept for all of these rates" in found
    assert "In 1 of 1 comparison" in found


def test_without_the_optimum_nothing_is_behind_it(tmp_path: Path) -> None:
    studies.validated(tmp_path)
    assert "optimum's" not in body(tmp_path)
    assert "optimum" not in abstract(tmp_path)


def test_a_plan_that_is_as_good_as_the_optimum_is_no_0_points_behind(tmp_path: Path) -> None:
    studies.frontier(tmp_path)
    path = tmp_path / "frontier" / "frontier.json"
    path.write_text(path.read_text().replace("79.37", "79.0"))
    assert "the optimum is nowhere ahead of the planned policy" in abstract(tmp_path)
    found = body(tmp_path)
    assert "The optimum is nowhere ahead of the plan in quality." in found
    assert "in simulation the optimum is nowhere ahead of it" in found
    assert "at most 0" not in found
