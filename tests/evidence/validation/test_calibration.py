"""What pictures cost besides the engine, planted and found again."""

import numpy as np
import pytest

from evidence.validation.calibration import (
    alone,
    before_by_level,
    by_level,
    calibrate,
    uncalibrated,
)
from evidence.validation.folder import load
from tests.evidence.validation.studies import (
    BEFORE,
    LEVELS,
    OVERHEAD,
    SECONDS,
    Truth,
    begin,
    play,
)
from tests.evidence.validation.studies import calibrate as play_calibration
from tests.evidence.validation.test_figures import jobs


@pytest.fixture
def folder(tmp_path):
    """A study with one short run."""
    folder = begin(tmp_path / "study")
    play(folder, "fixed:ddim-3", 1.0, seconds=20.0)
    return folder


def test_what_was_planted_is_found(folder):
    play_calibration(folder, truth=Truth(overhead=OVERHEAD), pictures=100)

    found = calibrate(load(folder))

    assert [each.level for each in found] == list(LEVELS)
    for each in found:
        assert each.seconds.low < OVERHEAD[each.level] < each.seconds.high
        assert each.before.value == pytest.approx(BEFORE, abs=1e-3)
    assert by_level(found, LEVELS) == pytest.approx(
        list(OVERHEAD.values()), abs=0.01 * max(SECONDS.values())
    )
    assert before_by_level(found, LEVELS) == pytest.approx([BEFORE] * 3, abs=1e-3)


def test_an_engine_that_is_faster_than_its_profile_has_no_negative_overhead(folder):
    play_calibration(folder, truth=Truth(seconds={name: 0.8 * s for name, s in SECONDS.items()}))

    found = calibrate(load(folder))

    assert all(each.seconds.value < 0 for each in found)
    assert (by_level(found, LEVELS) == 0).all()


def test_levels_that_were_not_calibrated_are_known(folder):
    play_calibration(folder, levels=("ddim-25",))

    found = calibrate(load(folder))

    assert uncalibrated(found, LEVELS) == ["ddpm-100", "ddim-3"]
    assert by_level(found, LEVELS)[0] == 0


def test_few_pictures_are_no_calibration(folder):
    play_calibration(folder, pictures=4)

    assert calibrate(load(folder)) == ()


def test_runs_of_the_sweep_are_no_calibration(folder):
    assert calibrate(load(folder)) == ()


def test_company_is_whoever_is_there_before_the_end():
    # The second meets the first, the third comes as the second has just left.
    found = jobs([0, 2, 5, 8, 8.5], [3, 5, 6, 9, 9.5])

    assert alone(found).tolist() == [False, False, True, False, False]


def test_one_that_never_ended_is_company_for_all_that_follow():
    found = jobs([0, 5, 9], [1, np.nan, 10])

    assert alone(found).tolist() == [True, False, False]
