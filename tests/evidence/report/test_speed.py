"""The speed of the machine in the report: from planted probes, and silent without them."""

import re
from pathlib import Path

import pytest

from evidence import speed as kept
from evidence.report import article, study
from evidence.report.contents import Contents
from evidence.report.records import BadStudy
from evidence.report.sources import speed
from tests.evidence.report import studies

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
ERRS = {"runs": 3, "median": 0.021, "worst": 0.083, "held": True}


def probed(folder: Path) -> Path:
    """A study of two runs, 2 % and 31 % slower, with a night between its probes."""
    studies.whole(folder)
    ratios = (1.02, 1.31)
    runs = [
        each | {"speed": studies.estimate(ratio, 0.01)}
        for each, ratio in zip(studies.RUNS[:2], ratios, strict=True)
    ]
    accuracy = {"runs": 3, "median": 0.05, "worst": 0.1, "held": True}
    said = {"simulated": accuracy, "closed_form": accuracy, "at_speed": {"simulated": ERRS}}
    asked = {"median": 0.1, "worst": 0.25, "utilisation": 0.9}
    studies.validated(folder, runs, speed=TOLD, accuracy=said | {"asked": asked})
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
    contents = Contents(study.read(probed(tmp_path / "study")))
    shown = re.sub(r"\s+", " ", article.render(contents.context())[1])

    planted = ("1.02 to 1.31 times as long", "1 ± 0.05 in 1 run;", "within 0 runs", "than 7.0 %")
    planted += ("0.930 (0.880", "1.07 (0.97", "errs by 2.1 % in the median and 8.3 % at worst")
    assert [each for each in planted if each not in shown] == []
    (axes,) = contents.figures["speed"]().axes
    probes, means, _ = axes.lines
    assert len(probes.get_xdata()) == 60
    assert means.get_ydata() == pytest.approx([1.0] * 3 + [1.5] * 3)


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
