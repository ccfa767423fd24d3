"""What company adds at each level, measured and kept."""

from pathlib import Path

import pytest

from services.contract.timings import batch_law, crowding
from tests.worker.study.profiling.test_run import found
from worker.study.profiling.images import Easel

pytestmark = pytest.mark.usefixtures("one_thread")


def test_every_level_of_pictures_knows_what_company_adds(measure, tmp_path: Path) -> None:
    assert measure("--queues", "images", "--repeats", "7") == 0
    made = found(tmp_path)
    for rung in made.rungs:
        steps = rung.level.image.steps
        own = [each for each in made.timings if each.steps == steps]
        assert {each.batch: len(each.seconds) for each in own} == {1: 7, 3: 5}
        assert rung.costs["images"].crowding == crowding(own)
        assert made.law("images", rung.level.name).crowding == pytest.approx(crowding(own))


def test_the_batch_law_is_of_the_steps_that_are_combined(measure, tmp_path: Path) -> None:
    """The quick level's two steps, with as much company, are no part of it."""
    assert measure("--queues", "images", "--steps", "4") == 0
    made = found(tmp_path)
    ddim = [each for each in made.timings if each.setting["sampler"] == "ddim"]
    assert {(each.steps, each.batch) for each in ddim} == {(4, 1), (4, 3), (2, 1), (2, 3)}
    assert made.law("images") == batch_law([each for each in ddim if each.steps == 4], cap=8)


def test_alone_there_is_nothing_to_know_of_company(measure, tmp_path: Path) -> None:
    assert measure("--queues", "images", "--batches", "1") == 0
    made = found(tmp_path)
    assert made.batch == {}
    assert {rung.costs["images"].crowding for rung in made.rungs} == {None}


def test_a_journal_from_before_company_was_measured_is_gone_on_with(
    measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert measure("--queues", "images") == 0
    first, journal = found(tmp_path), tmp_path / "out" / "profile-images.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    old = [each for each in lines if not ('"ddpm"' in each and '"batch":3' in each)]
    assert len(old) == len(lines) - 2
    journal.write_text("".join(old))
    made: list[tuple[str, int]] = []
    timed = Easel.measure
    monkeypatch.setattr(
        Easel,
        "measure",
        lambda self, trial: (
            made.append((trial.setting["sampler"], trial.batch)) or timed(self, trial)
        ),
    )
    assert measure("--queues", "images") == 0
    assert made == [("ddpm", 3), ("ddpm", 3)]
    again = found(tmp_path)
    assert again.rungs[0].costs["images"].crowding is not None
    assert again.cost("quick", "images") == first.cost("quick", "images")
