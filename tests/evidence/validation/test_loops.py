"""The closed loops of a study are read wherever they were played, and say when."""

import gzip

import pytest

from evidence.validation.folder import load
from loadgen import began, record
from tests.evidence.validation.machines import says_when
from tests.evidence.validation.studies import LEVELS, begin, calibrate, play

BEGAN = 1.76e9


@pytest.fixture
def study(tmp_path):
    """A study with one run."""
    folder = begin(tmp_path / "study")
    play(folder, "fixed:ddim-3", 2.0, seconds=20.0)
    return folder


def _loops(study, place):
    """Evenly spaced pictures in the place of closed loops; their files, which say when."""
    calibrate(study, pictures=4)
    folder = study / place
    folder.mkdir(parents=True)
    found = []
    for path in sorted((study / "calibration").glob("*.jsonl")):
        found.append(path.rename(folder / f"{path.name.split('_')[1].rsplit('-', 2)[0]}-1.jsonl"))
        says_when(found[-1], BEGAN)
    return found


def _where(study):
    return [each.where.value for each in load(study).loops]


def test_they_are_read_before_the_runs_beside_them_and_after(study):
    assert load(study).loops == ()

    _loops(study, "recalibration/loops")
    assert _where(study) == ["recalibration"] * 3

    _loops(study, "live/reference/before-fixed_ddim-3-2-1")
    _loops(study, "live/reference/after-fixed_ddim-3-2-1")
    assert _where(study) == ["reference"] * 6 + ["recalibration"] * 3

    _loops(study, "calibration/loops")
    assert _where(study) == ["calibration"] * 3 + ["reference"] * 6 + ["recalibration"] * 3
    assert len(load(study).runs) == 1
    assert load(study).skipped == {}


def test_each_has_its_level_and_the_second_of_its_middle(study):
    (path, *_) = _loops(study, "live/reference/before-fixed_ddim-3-2-1")
    records = record.read(path)

    loops = load(study).loops

    assert {each.level for each in loops} == set(LEVELS)
    (found,) = [each for each in loops if each.level == records[0].level]
    middle = (records[0].sent + records[-1].finished) / 2
    assert found.at == pytest.approx(BEGAN + middle)


def test_packed_ones_are_read_alike(study):
    files = _loops(study, "live/reference/before-fixed_ddim-3-2-1")
    plain = load(study).loops

    for path in files:
        path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(path.read_bytes()))
        path.unlink()

    assert load(study).loops == plain


def test_one_that_cannot_be_read_is_told_and_leaves_the_others(study):
    (path, *_) = _loops(study, "live/reference/before-fixed_ddim-3-2-1")
    path.write_text("{}\n")
    (after, *_) = _loops(study, "recalibration/loops")
    after.write_text("{}\n")

    found = load(study)

    assert len(found.loops) == 4
    assert set(found.skipped) == {str(each.relative_to(study)) for each in (path, after)}


@pytest.mark.parametrize("text", ["[]", '{"unix": null}', '{"unix": 1', None])
def test_one_that_does_not_say_when_it_began_keeps_all_but_its_time(study, text):
    (path, *_) = _loops(study, "live/reference/before-fixed_ddim-3-2-1")
    if text is None:
        began.beside(path).unlink()
    else:
        began.beside(path).write_text(text)

    found = load(study)

    assert [each.at is None for each in found.loops] == [True, False, False]
    assert any(began.beside(path).name in name for name in found.skipped) == (text is not None)


def test_evenly_spaced_pictures_count_beside_closed_loops(study):
    files = _loops(study, "calibration/loops")
    closed = load(study).loops
    for path in files:
        for each in (path, began.beside(path)):
            (study / "calibration" / each.name).write_bytes(each.read_bytes())

    assert load(study).loops == (*closed, *closed)
