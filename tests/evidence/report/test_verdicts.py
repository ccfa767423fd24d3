"""Verdicts are chosen by the numbers."""

import json
from pathlib import Path

import pytest

from evidence.report import article, contents, study
from evidence.report.verdict import Verdict
from tests.evidence.report import optima, studies


def verdicts(folder: Path) -> dict[str, Verdict]:
    """By name."""
    return {each.name: each for each in contents.parts(study.read(folder))["verdicts"]}


def test_every_part_has_its_answer(tmp_path: Path) -> None:
    found = verdicts(studies.whole(tmp_path))
    said = {name: each.verdict for name, each in found.items()}
    assert said == {
        "simulated": "held",
        "closed-form": "held",
        "captured": "held",
        "capacity": "held",
        "margins": "not held",
        "arrivals": "answered",
        "models": "answered",
        "anova": "answered",
        "levels": "answered",
        "quantization": "held",
        "early-exit": "held",
        "exit-or-fewer": "not held",
        "optimum": "answered",
        "strategies": "answered",
        "dispatch": "answered",
        "original": "not held",
    }


def test_seconds_without_an_interval_are_not_judged(tmp_path: Path) -> None:
    """Too few rounds of captions have none."""
    studies.cheaper(tmp_path)
    for name in ("quantization/quantization", "early-exit/early_exit"):
        path = tmp_path / f"{name}.json"
        told = json.loads(path.read_text())
        for figures in told["figures"].get("denoiser", told["figures"]).values():
            figures["seconds_a_picture"] |= {"low": None, "high": None}
        path.write_text(json.dumps(told))
    found = verdicts(tmp_path)
    assert found["quantization"].verdict == "not judged"
    assert found["early-exit"].verdict == "not judged"
    assert {found[name].found for name in ("quantization", "early-exit")} == {
        "not known: their seconds have no intervals"
    }
    _, body = article.render(contents.Contents(study.read(tmp_path)).context())
    assert body.count("too few rounds of captions") == 2


def test_the_distance_to_the_optimum_is_told_by_policy(tmp_path: Path) -> None:
    near = optima.DISTANCE | {"rate": 0.8, "quality": studies.estimate(0.25, 0.125)}
    optima.with_optimum(tmp_path, near)
    found = verdicts(tmp_path)["optimum-live"]
    assert found.verdict == "answered"
    assert found.found == (
        "planned:4 has worse pictures beyond chance at 1 of 2 rates and better ones at 1: "
        "−0.38 (−0.50 … −0.25) points at the lowest, at 0.4/s; of 2 comparisons chance alone would "
        "tell 0.1 apart"
    )


def test_a_table_that_is_no_optimum_is_no_distance_to_it(tmp_path: Path) -> None:
    optima.with_optimum(tmp_path)
    studies.validated(tmp_path, less_optimum=[optima.DISTANCE | optima.UNMET])
    assert "optimum-live" not in verdicts(tmp_path)


def test_what_was_not_measured_has_no_verdict(tmp_path: Path) -> None:
    assert verdicts(tmp_path) == {}


@pytest.mark.parametrize(
    ("simulated", "verdict"), [(2.1, "held"), (1.2, "not held"), (2.9, "not held")]
)
def test_a_gain_is_captured_within_the_bound(
    tmp_path: Path, simulated: float, verdict: str
) -> None:
    runs = [
        studies.run("fixed:slow", 0.4, 4.0, 4.0),
        studies.run("fixed:even", 0.4, 2.0, simulated),
    ]
    studies.validated(tmp_path, runs)
    assert verdicts(tmp_path)["captured"].verdict == verdict


def test_a_level_that_is_cheaper_and_slower_captures_nothing(tmp_path: Path) -> None:
    runs = [studies.run("fixed:slow", 0.4, 2.0, 2.0), studies.run("fixed:even", 0.4, 4.0, 4.0)]
    studies.validated(tmp_path, runs)
    assert verdicts(tmp_path)["captured"].verdict == "not held"


def test_a_cheaper_level_is_one_with_less_work_whatever_its_name(tmp_path: Path) -> None:
    """Records are in the order of names."""
    runs = [
        studies.run("fixed:even", 0.4, 2.0, 2.1, utilisation=0.2),
        studies.run("fixed:few", 0.4, 1.0, 1.0, utilisation=0.02),
        studies.run("fixed:slow", 0.4, 4.0, 4.0, utilisation=0.4),
    ]
    studies.validated(tmp_path, runs)
    found = contents.parts(study.read(tmp_path))["validation"].gains
    assert [(gain.cheap, gain.dear) for gain in found] == [("even", "slow"), ("few", "even")]
    assert verdicts(tmp_path)["captured"].verdict == "held"


def test_the_same_schedule_is_tested_once(tmp_path: Path) -> None:
    rejected = {"arrivals": {"gaps_scv": None, "autocorrelation": None, "ks_p": 0.01}}
    runs = [studies.run(each, 0.4, 4.0, 4.0, **rejected) for each in ("fixed:slow", "fixed:even")]
    studies.validated(tmp_path, runs)
    assert "in 1 of 1 schedule" in verdicts(tmp_path)["arrivals"].found


def _bounded(**other: object) -> dict[str, object]:
    """fixed:slow sustains 0.4 and fails at 0.8; threshold:4,12 sustains all that was tried."""
    knees = {"fixed:slow": 0.4, "threshold:4,12": 1.6}
    brackets = {"fixed:slow": [0.4, 0.8], "threshold:4,12": [1.6, None]}
    told = {"knees": knees, "brackets": brackets, "best_level": "fixed:slow", "ratio": 4.0}
    told |= {"at_least": ["threshold:4,12"], "ratio_at_least": 2.0, "asked": 2.5, "held": False}
    return told | other


def test_a_capacity_that_is_a_bound_says_so(tmp_path: Path) -> None:
    studies.validated(tmp_path, capacity=_bounded())
    found = verdicts(tmp_path)["capacity"]
    assert found.found == "≥ 2.00 times; sustained: fixed:slow 0.4/s, threshold:4,12 ≥ 1.6/s"
    assert found.verdict == "not held"


def test_a_capacity_that_nothing_bounds_is_not_judged(tmp_path: Path) -> None:
    told = _bounded(held=None, ratio_at_least=None)
    studies.validated(tmp_path, capacity=told)
    found = verdicts(tmp_path)["capacity"]
    assert (found.verdict, found.graded) == ("not judged", False)
    assert found.found.startswith("4.00 times; ")


def _schedule(folder: Path, rate: float, repeat: int, gaps: list[float]) -> dict[str, object]:
    """Its records, in mean gaps, and its run."""
    due = [sum(gaps[:number]) / rate for number in range(len(gaps))]
    found = [studies.record(number, at, 1.0) for number, at in enumerate(due)]
    studies.records(folder / "live" / f"fixed_slow-{rate:g}-{repeat}.jsonl", found)
    return studies.run("fixed:slow", rate, 4.0, 4.0, repeat=repeat)


def test_one_draw_at_two_rates_is_tested_once(tmp_path: Path) -> None:
    one, other = [0.5, 1.5, 0.2, 2.0, 0.8], [1.1, 0.1, 3.0, 0.4, 0.7, 0.9]
    runs = [
        _schedule(tmp_path, 0.4, 1, one),
        _schedule(tmp_path, 0.8, 1, [*one, 0.3, 1.2]),
        _schedule(tmp_path, 0.8, 2, other),
    ]
    studies.validated(tmp_path, runs)
    assert "of 2 schedules" in verdicts(tmp_path)["arrivals"].found
