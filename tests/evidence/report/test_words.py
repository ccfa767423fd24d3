"""Sentences claim no more than the records show."""

import re
from pathlib import Path
from typing import Any

import pytest

from evidence.report import article, study
from evidence.report.contents import Contents
from tests.evidence.report import optima, studies


def body(folder: Path) -> str:
    """The chapters, on one line."""
    return re.sub(r"\s+", " ", article.render(Contents(study.read(folder)).context())[1])


def _exits(folder: Path, *differences: tuple[float, float]) -> None:
    """A rule each, that is so much better than as many plain steps."""
    studies.cheaper(folder)
    each = {"steps": 20.0, "seconds_a_picture": studies.estimate(0.4, 0.01)}
    each |= {"clip_score": studies.estimate(77.0, 0.5)}
    told = {"all steps": each | {"seconds_a_picture": studies.estimate(0.9, 0.01)}}
    for number, difference in enumerate(differences):
        apart = {"clip_score_minus_fewer_steps": studies.estimate(*difference)}
        told |= {f"rule:{number}": each | apart, f"fewer steps, as rule:{number}": each}
    studies.write(folder, "early-exit/early_exit.json", {"figures": told})


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ([(-2.0, 0.5), (-1.0, 0.5)], "taking fewer steps from the start is the better way"),
        ([(-2.0, 0.5), (0.1, 0.5)], "rule:0 is shown to draw worse"),
        ([(0.1, 0.5), (-0.1, 0.5)], "show no difference in quality between leaving early"),
        ([(2.0, 0.5), (-1.0, 0.5)], "worth its place in a level with rule:0"),
    ],
)
def test_fewer_steps_are_better_only_where_that_is_shown(
    tmp_path: Path, differences: list[tuple[float, float]], said: str
) -> None:
    _exits(tmp_path, *differences)
    ways = (
        "is the better way",
        "shown to draw worse",
        "no difference in quality",
        "worth its place",
    )
    found = body(tmp_path)
    assert said in found
    assert sum(way in found for way in ways) == 1


def test_the_live_policies_are_listed(tmp_path: Path) -> None:
    studies.validated(tmp_path)
    found = body(tmp_path)
    assert "3 policies were run: fixed:slow, fixed:even and threshold:4,12." in found
    assert "The optimum was not among them." in found


def test_an_optimum_that_was_not_run_was_simulated_only(tmp_path: Path) -> None:
    studies.validated(tmp_path)
    studies.frontier(tmp_path)
    assert "The optimum was simulated only." in body(tmp_path)


def test_a_table_that_was_run_is_the_optimum(tmp_path: Path) -> None:
    optima.with_optimum(tmp_path)
    studies.frontier(tmp_path)
    found = body(tmp_path)
    assert "table:optimal is the optimum: at each rate" in found
    assert "simulated only" not in found
    assert "aim at" not in found


def test_the_aim_of_the_optimum_is_told(tmp_path: Path) -> None:
    optima.with_optimum(tmp_path)
    studies.write(tmp_path, "study.json", {"plan": {"live": {"aim": 3.5}}})
    assert "planned rules aim at p95 ≤ 3.5 s" in body(tmp_path)


def _distance(policy: str, value: float, half: float) -> dict[str, Any]:
    return optima.DISTANCE | {"policy": policy, "quality": studies.estimate(value, half)}


@pytest.mark.parametrize(
    ("others", "said", "unsaid"),
    [
        ([], "In 1 of 1 comparison the pictures of a policy are worse", "has better ones"),
        (
            [_distance("threshold:4,12", -0.75, 0.25)],
            "In 2 of 2 comparisons the pictures of a policy are worse than the optimum's beyond "
            "chance, the most so those of threshold:4,12 at 0.4/s, by 0.75 points.",
            "In none of",
        ),
        ([_distance("threshold:4,12", 0.5, 0.25)], "1 comparison has better ones", "In none of"),
    ],
)
def test_what_is_behind_the_optimum_is_told_by_its_interval(
    tmp_path: Path, others: list[dict[str, Any]], said: str, unsaid: str
) -> None:
    optima.with_optimum(tmp_path, *others)
    found = body(tmp_path)
    assert said in found
    assert unsaid not in found
    row = "| 0.4 | planned:4 | −0.38 ± 0.12 | 3.00 (2.70 … 3.30) | 2.50 (2.25 … 2.75) |"
    assert f"{row} worse |" in found


def test_nothing_behind_the_optimum_is_told(tmp_path: Path) -> None:
    optima.with_optimum(tmp_path)
    told = [_distance("planned:4", -0.1, 0.25)]
    studies.validated(tmp_path, less_optimum=told)
    abstract, _ = article.render(Contents(study.read(tmp_path)).context())
    found = body(tmp_path)
    assert "In none of 1 comparison" in found
    assert "not told apart |" in found
    assert "worse beyond chance in 0 of 1 comparison" in re.sub(r"\s+", " ", abstract)


def test_without_the_optimum_nothing_is_behind_it(tmp_path: Path) -> None:
    studies.validated(tmp_path)
    found = Contents(study.read(tmp_path)).context()
    abstract, said = article.render(found)
    assert "optimum's" not in said
    assert "optimum" not in abstract


def _capacity(**other: Any) -> dict[str, Any]:
    knees = {"fixed:slow": 0.4, "threshold:4,12": 1.6}
    told = {"knees": knees, "best_level": "fixed:slow", "ratio": 4.0, "asked": 2.5, "held": None}
    return told | other


def test_bounds_of_a_capacity_are_in_its_table(tmp_path: Path) -> None:
    brackets = {"fixed:slow": [0.4, 0.8], "threshold:4,12": [1.6, None]}
    told = _capacity(brackets=brackets, at_least=["threshold:4,12"], ratio_at_least=2.0, held=False)
    studies.validated(tmp_path, capacity=told)
    found = body(tmp_path)
    assert "| threshold:4,12 | ≥ 1.6 | – | 4.00 |" in found
    assert "| fixed:slow | 0.4 | 0.8 | 1.00 |" in found
    assert "for certain ≥ 2.00" in found


def test_a_capacity_without_bounds_is_not_judged(tmp_path: Path) -> None:
    studies.validated(tmp_path, capacity=_capacity())
    abstract, _ = article.render(Contents(study.read(tmp_path)).context())
    assert "1 could not be judged" in abstract
    assert "has 4.00: not judged." in body(tmp_path)


def test_contests_are_shown(tmp_path: Path) -> None:
    studies.validated(tmp_path)
    assert "| 0.4 | planned:4 | threshold:4,12 | 0.25 ± 0.50 | −0.75 ± 0.25 | held |" in body(
        tmp_path
    )


def test_predictions_of_every_variant_are_shown(tmp_path: Path) -> None:
    found = {"runs": 3, "median": 0.05, "worst": 0.1, "held": True}
    asked = {"median": 0.1, "worst": 0.25, "utilisation": 0.9}
    variants = {name: {"simulated": found} for name in ("offline", "delayed", "uncalibrated")}
    accuracy = {"simulated": found, "closed_form": found, "asked": asked, **variants}
    studies.validated(tmp_path, accuracy=accuracy)
    said = body(tmp_path)
    assert "simulation by the profile\\'s own timings as two stations, without serving" in said
    assert "simulation with what a picture costs besides the engine as a delay" in said
