"""How far predictions may be off because their law is not known better."""

from pathlib import Path
from typing import Any

import pytest

from evidence.report import study
from evidence.report.numbers import Estimate
from evidence.report.sources import validation
from tests.evidence.report import studies
from tests.evidence.report.rendered import body

ENDS = ((4.0, 5.0), (2.05, 2.4), (2.9, 3.1), (1.0, 999.0))
"""From less work to more: two are wide, and the second does not hold what was measured; the last
run has no steady state."""


def _leeway(number: int, low: float, high: float) -> dict[str, Any]:
    said = studies.RUNS[number]["simulated"]["mean_response"]["value"]
    return {"doubt": 0.0375, "mean_response": {"value": said, "low": low, "high": high}}


def _studied(folder: Path, known: int = len(ENDS)) -> str:
    """What is said of a study whose first runs have a leeway."""
    runs = [run | {"leeway": None} for run in studies.RUNS]
    for number, ends in enumerate(ENDS[:known]):
        runs[number]["leeway"] = _leeway(number, *ends)
    studies.validated(folder, runs)
    return body(folder)


def test_runs_whose_prediction_is_open_are_told(tmp_path: Path) -> None:
    said = _studied(tmp_path)
    assert "this gives in 2 of 3 runs that accuracy is asked of." in said
    assert "has those whose prediction changes by more than 10 %." in said
    rows = (
        "| 0.50 | ± 3.8 % | 4.40 (4.00 … 5.00) | 4.00 (3.60 … 4.40) |",
        "| 0.50 | ± 3.8 % | 2.10 (2.05 … 2.40) | 2.00 (1.80 … 2.20) * |",
    )
    assert [row for row in rows if row not in said.replace("\\*", "*")] == []
    assert said.count("± 3.8 %") == len(rows)


def test_runs_without_a_leeway_are_counted_apart(tmp_path: Path) -> None:
    said = _studied(tmp_path, known=1)
    assert "in 1 of 1 run that accuracy is asked of, as far as that was done." in said


def test_a_law_that_leaves_little_open_says_so(tmp_path: Path) -> None:
    studies.validated(tmp_path, [studies.RUNS[2] | {"leeway": _leeway(2, *ENDS[2])}])
    said = body(tmp_path)
    assert "No prediction changes by more than 10 %." in said
    assert "tbl:leeway" not in said


@pytest.mark.parametrize("told", [{}, {"leeway": None}])
def test_older_records_say_nothing_of_it(tmp_path: Path, told: dict[str, None]) -> None:
    studies.validated(tmp_path, [studies.RUNS[0] | told])
    assert "leaves open" not in body(tmp_path)


def test_more_work_that_shortens_responses_is_a_range_all_the_same(tmp_path: Path) -> None:
    """Under rules that then take a cheaper level; here even less work lengthens them."""
    studies.validated(tmp_path, [studies.RUNS[0] | {"leeway": _leeway(0, 4.9, 4.6)}])
    found = validation.read(study.read(tmp_path))
    assert found is not None
    (run,) = found.leeways
    assert run.leeway is not None
    assert run.leeway.mean_response == Estimate(4.4, 4.4, 4.9)
    assert (run.leeway.wide, run.within_leeway) == (True, False)
