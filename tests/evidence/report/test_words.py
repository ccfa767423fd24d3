"""Sentences claim no more than the records show."""

from pathlib import Path
from typing import Any

import pytest

from evidence.validation.variants import VARIANTS
from tests.evidence.report import studies
from tests.evidence.report.rendered import abstract, body


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
    assert "whatever lies between them ≥ 2.00" in found


def test_a_capacity_without_bounds_is_not_judged(tmp_path: Path) -> None:
    studies.validated(tmp_path, capacity=_capacity())
    assert "1 could not be judged" in abstract(tmp_path)
    assert "has 4.00: not judged." in body(tmp_path)


def test_contests_are_shown(tmp_path: Path) -> None:
    studies.validated(tmp_path)
    assert (
        "| 0.4 | planned:4 | threshold:4,12 | 0.25 (−0.25 … 0.75) | −0.75 (−1.00 … −0.50) | held |"
        in body(tmp_path)
    )


def test_predictions_of_every_variant_are_shown(tmp_path: Path) -> None:
    found = {"runs": 3, "median": 0.05, "worst": 0.1, "held": True}
    asked = {"median": 0.1, "worst": 0.25, "utilisation": 0.9}
    variants = {name: {each.kinds[0]: found} for name, each in VARIANTS.items()}
    accuracy = {"simulated": found, "closed_form": found, "asked": asked, **variants}
    studies.validated(tmp_path, accuracy=accuracy)
    shown = body(tmp_path).replace("\\'", "'")
    rows = {"simulated": "5.0 %, 10 % | – |", "closed_form": "– | 5.0 %, 10 % |"}
    for each in VARIANTS.values():
        assert f"| {each.said} | {rows[each.kinds[0]]}" in shown


@pytest.mark.parametrize(("seconds", "told"), [(0.25, False), (-0.15, True), (-0.005, False)])
def test_a_served_picture_that_takes_less_than_the_engine_is_explained(
    tmp_path: Path, seconds: float, told: bool
) -> None:
    overhead = {"level": "slow", "overhead_seconds": studies.estimate(seconds, 0.01)}
    studies.validated(tmp_path, calibration=[overhead])
    assert ("not measured at one speed" in body(tmp_path)) == told


def test_the_abstract_counts_what_is_judged(tmp_path: Path) -> None:
    studies.validated(tmp_path)
    found = abstract(tmp_path)
    assert "4 live runs were made under 3 policies. Over the 3 runs that accuracy is asked" in found
    assert "Of 5 goals, 4 were held and 1 not." in found
