"""The journal: what was measured is there for a later run, of the same conditions alone."""

from pathlib import Path

import pytest

from worker.study.journal import Journal
from worker.study.profiling.trial import Measured, Trial
from worker.study.terms import Unusable

HERE = {"processor": "one", "seed": 1}


def trial(repeat: int, **setting: object) -> Trial:
    return Trial(queue="images", setting=setting, steps=5, batch=2, repeat=repeat)


def measured(repeat: int) -> Measured:
    found = trial(repeat, sampler="ddim")
    return Measured(trial=found, steps=5, seconds=1.25, memory_mb=None)


def test_what_was_measured_is_read_by_its_trial(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "new" / "journal.jsonl", HERE, Measured)
    assert journal.read() == {}
    for repeat in range(3):
        journal.add(measured(repeat))
    again = Journal(journal.file, dict(reversed(HERE.items())), Measured).read()
    assert again == {trial(each, sampler="ddim").key: measured(each) for each in range(3)}


def test_a_line_that_was_cut_off_is_measured_again(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "journal.jsonl", HERE, Measured)
    for repeat in range(2):
        journal.add(measured(repeat))
    text = journal.file.read_text()
    journal.file.write_text(text[:-20])
    assert list(journal.read()) == [measured(0).trial.key]
    journal.add(measured(2))
    assert list(journal.read()) == [measured(each).trial.key for each in (0, 2)]


def test_measurements_of_other_conditions_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "journal.jsonl"
    Journal(file, HERE, Measured).add(measured(0))
    with pytest.raises(Unusable, match="other conditions"):
        Journal(file, {**HERE, "processor": "two"}, Measured).read()
