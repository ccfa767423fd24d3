"""How fast the machine was by its closed loops: planted, placed in time, told and drawn."""

from math import isnan
from pathlib import Path

import pytest

from evidence.report import study
from evidence.report.figures.pace import pace as drawn
from evidence.report.sources import pace, validation
from evidence.report.sources.pace import Pace
from tests.evidence.report import near_loops, studies
from tests.evidence.report.near_loops import AROUND, loop
from tests.evidence.report.rendered import body


def found(folder: Path, **other: object) -> Pace | None:
    """Of a study with these laws and loops."""
    near_loops.validated(folder, **other)
    told = validation.read(study.read(folder))
    assert told is not None
    return pace.pace(told.played)


def test_a_machine_of_one_speed_has_that_mean_everywhere() -> None:
    assert pace.smoothed([0.0, 5.0, 9.0], [1.5] * 3) == pytest.approx([1.5] * 3)


def test_neighbours_count_and_loops_far_away_do_not() -> None:
    """Twice as many as go into a mean: two bursts of one speed each."""
    at = [*range(24), *range(100_000, 100_024)]
    means = pace.smoothed(at, [1.0] * 24 + [2.0] * 24)
    assert means == pytest.approx([1.0] * 24 + [2.0] * 24)


def test_the_nearest_of_few_count_most() -> None:
    means = pace.smoothed([0.0, 1.0, 2.0], [1.0, 2.0, 3.0])
    assert means[1] == pytest.approx(2.0)
    assert 1.0 < means[0] < 2.0 < means[2] < 3.0


def test_a_loop_is_held_against_the_others(tmp_path: Path) -> None:
    """Of nine one takes half as long again, which makes the means of those near it longer, too."""
    ratios = [1.0, 1.0, 1.0, 1.0, 1.5, 1.0, 1.0, 1.0, 1.0]
    at = [60.0 * i for i in range(len(ratios))]
    others, means = pace.of_others(at, ratios), pace.smoothed(at, ratios)
    assert others[4] == pytest.approx(1.0)
    assert min(others[3], means[4]) > 1.05
    pairs = zip(at, ratios, strict=True)
    shown = found(tmp_path, loops=[loop(here, "reference", ratio) for here, ratio in pairs])
    assert shown is not None
    off = [ratio / other - 1 for ratio, other in zip(ratios, others, strict=True)]
    assert shown.scatter == pytest.approx((sum(each**2 for each in off) / 9) ** 0.5)


def test_loops_and_runs_are_placed_by_minutes_since_the_first_loop(tmp_path: Path) -> None:
    studies.live(tmp_path)
    near_loops.began(tmp_path, "fixed_slow-1-1", 120.0)
    shown = found(tmp_path, loops=AROUND[::-1])
    assert shown is not None
    minutes = [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13]
    assert [mark.minute for mark in shown.marks] == pytest.approx(minutes)
    assert [mark.ratio for mark in shown.of("few", "reference")] == [1.0] * 4
    assert shown.runs == pytest.approx((2.0,))
    assert (shown.nearest, shown.paused) == (12, False)
    assert 0.75 < shown.fastest < 0.9
    assert 1.1 < shown.slowest < 1.25


def test_loops_that_say_too_little_are_left_out(tmp_path: Path) -> None:
    few = [loop(1.0 * i, "calibration", 1.0) for i in range(pace.LEAST - 1)]
    lacking = [loop(None, "calibration", 1.0), loop(9.0, "calibration", None)]
    lacking += [loop(9.0, "calibration", 1.0, level=None)]
    assert found(tmp_path, loops=[*few, *lacking]) is None
    assert "figures/pace" not in body(tmp_path)
    shown = found(tmp_path, loops=[*few, *lacking, loop(10.0, "calibration", 1.0)])
    assert shown is not None
    assert len(shown.marks) == pace.LEAST


def test_a_night_between_two_parts_of_a_study_is_cut(tmp_path: Path) -> None:
    times = [0.0, 60.0, 120.0, 180.0, 40_000.0, 40_060.0, 40_120.0, 40_180.0]
    shown = found(tmp_path, loops=[loop(at, "reference", 1.0) for at in times])
    assert shown is not None
    assert shown.paused
    assert [mark.minute for mark in shown.marks] == pytest.approx([0, 1, 2, 3, 33, 34, 35, 36])


@pytest.mark.parametrize("readable", [True, False])
def test_a_run_that_says_not_when_it_began_is_not_drawn(tmp_path: Path, readable: bool) -> None:
    studies.live(tmp_path)
    path = tmp_path / "live" / "fixed_slow-1-1.began.json"
    if readable:
        path.write_text("soon\n")
    else:
        path.mkdir()
    shown = found(tmp_path)
    assert shown is not None
    assert shown.runs == ()


def test_what_was_planted_is_told_and_drawn(tmp_path: Path) -> None:
    studies.profiled(tmp_path)
    studies.live(tmp_path)
    near_loops.began(tmp_path, "fixed_slow-1-1", 120.0)
    shown = found(tmp_path)
    assert shown is not None
    said = body(tmp_path)
    lay = f"lay between {shown.fastest:.3f} and {shown.slowest:.2f} times what one law"
    planted = (
        "The mean of 12 loops",
        lay,
        "; small: beside them; hollow: after",
        "Grey lines: live runs begin",
        "with weights as the predictions have them",
    )
    assert [each for each in planted if each not in said] == []

    (axes,) = drawn(shown).axes
    upright = [each.get_xdata()[0] for each in axes.lines if list(each.get_ydata()) == [0, 1]]
    assert upright == pytest.approx([2.0])
    marks = [each for each in axes.lines if each.get_marker() in "os" and len(each.get_xdata())]
    hollow = [each for each in marks if each.get_markerfacecolor() == "white"]
    assert [list(each.get_ydata()) for each in hollow] == [[0.75] * 4]
    assert sorted(each.get_markersize() for each in marks) == [3.0, 5.0, 5.0]
    (line,) = [each for each in axes.lines if each.get_label() == "mean of neighbours"]
    assert line.get_ydata() == pytest.approx([mark.mean for mark in shown.marks])


def test_no_line_is_drawn_where_there_were_no_loops_for_long(tmp_path: Path) -> None:
    times = [0.0, 60.0, 120.0, 180.0, 1500.0, 1560.0, 1620.0, 1680.0]
    shown = found(tmp_path, loops=[loop(at, "reference", 1.0) for at in times])
    assert shown is not None
    (axes,) = drawn(shown).axes
    (line,) = [each for each in axes.lines if each.get_label() == "mean of neighbours"]
    assert [at for at, mean in zip(*line.get_data(), strict=True) if isnan(mean)] == [14.0]
