"""The speed of the machine in the report: from planted probes, and silent without them."""

from pathlib import Path
from typing import Any

import pytest

from evidence import speed as kept
from evidence.report import study
from evidence.report.figures.speed import speed as drawn
from evidence.report.records import BadStudy
from evidence.report.sources import speed
from tests.evidence.report import studies
from tests.evidence.report.rendered import body

TOLD = {
    "calibration_seconds": 0.002,
    "runs": 2,
    "apart": 1,
    "uneven": 0,
    "bounds": {"apart": 0.05, "uneven": 0.07},
    "pictures": {
        "runs": 5,
        "correlation": studies.estimate(0.93, 0.05),
        "slope": studies.estimate(1.07, 0.1),
    },
}
ERRS = (0.021, -0.083, None)
"""Of the simulation at the speed of each run"""


def _run(number: int, **other: Any) -> dict[str, Any]:
    """Of a study whose machine was 2 %, 31 % and unknowably slower."""
    ratio = (studies.estimate(1.02, 0.01), studies.estimate(1.31, 0.01), None)[number]
    said = {"simulated": {"mean_response": ERRS[number]}} if ratio else None
    return studies.RUNS[number] | {"speed": ratio, "other_errors": {"at_speed": said}} | other


def probed(folder: Path) -> Path:
    """A study of three runs, two with a speed, with a night between its probes."""
    studies.whole(folder)
    runs = [_run(0), _run(1), _run(2, other_errors={})]
    studies.validated(folder, runs, speed=TOLD)
    times = [*range(30), *range(40000, 40030)]
    with kept.appended(folder / "live" / kept.FILE) as file:
        for at in times:
            file.write(f"{1.7e9 + at:.2f},{0.002 if at < 30 else 0.003:.6f}\n".encode())
    return folder


def test_paces_are_over_the_calibration_and_minutes_without_the_pause(tmp_path: Path) -> None:
    found = speed.read(study.read(probed(tmp_path / "study")))

    assert found is not None
    assert (found.fastest, found.slowest, found.runs, found.apart) == (1.02, 1.31, 2, 1)
    assert found.paces[:1] + found.paces[-1:] == pytest.approx((1.0, 1.5))
    assert found.minutes[-1] == pytest.approx(58 / 60)


def test_what_was_planted_is_told_and_drawn(tmp_path: Path) -> None:
    folder = probed(tmp_path / "study")
    shown = body(folder)

    planted = ("In 2 of 3 runs", "1.02 to 1.31 times as long", "1 ± 0.05 in 1 run.")
    planted += ("0 runs five-second", "than 7.0 %", "0.930 (0.880", "1.07 (0.97")
    assert [each for each in planted if each not in shown] == []
    (axes,) = drawn(speed.read(study.read(folder))).axes
    probes, means, _ = axes.lines
    assert len(probes.get_xdata()) == 60
    assert means.get_ydata() == pytest.approx([1.0] * 3 + [1.5] * 3)


def test_the_same_runs_tell_what_knowing_the_speed_is_worth(tmp_path: Path) -> None:
    """Their predictions are 10 and 5 % off; the third run, which is right, has no speed."""
    folder = probed(tmp_path / "study")
    shown = body(folder)
    assert "Over the 2 runs that accuracy is asked of and whose speed is known" in shown
    assert "errs by 5.2 % in the median and 8.3 % at worst" in shown
    assert "errs there by 7.5 % and 10 %" in shown

    beyond = [_run(0, utilisation=0.95), _run(1, steady=False), _run(2)]
    studies.validated(folder, beyond, speed=TOLD)
    found = speed.read(study.read(folder))
    assert found is not None
    assert (found.simulated.runs, found.before.runs) == (0, 0)


@pytest.mark.parametrize("usual", ["calibrated", "one_law"])
def test_where_runs_go_by_loops_near_them_a_speed_adds_to_what_has_none_of_it(
    tmp_path: Path, usual: str
) -> None:
    """The loops before and after the runs alone; in older records, all."""
    folder = probed(tmp_path / "study")
    runs = [_run(0), _run(1), _run(2, other_errors={})]
    for run in runs[:2]:
        run["other_errors"] |= {"one_law": {"simulated": {"mean_response": 0.5}}}
        run["other_errors"] |= {usual: {"simulated": {"mean_response": 0.375}}}
    studies.validated(folder, runs, speed=TOLD)
    found = speed.read(study.read(folder))
    assert found is not None
    assert (found.before.runs, found.before.median) == (2, 0.375)


def test_without_the_speed_nothing_is_said(tmp_path: Path) -> None:
    folder = probed(tmp_path / "study")
    (folder / "live" / kept.FILE).unlink()
    assert speed.read(study.read(folder)) is None

    studies.validated(folder, speed=None)
    probed_again = study.read(folder)
    assert speed.read(probed_again) is None


def test_a_speed_that_lacks_a_figure_is_refused(tmp_path: Path) -> None:
    folder = probed(tmp_path / "study")
    studies.validated(folder, [studies.RUNS[0] | {"speed": {"value": 1.0}}], speed={"runs": 1})
    with pytest.raises(BadStudy, match=r"validation\.json is no validation"):
        speed.read(study.read(folder))
