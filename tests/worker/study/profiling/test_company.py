"""What company adds at each level, measured and kept."""

from argparse import Namespace
from pathlib import Path

import pytest

from controller.queueing.commands import fit
from services.contract.profile import ONE_AT_A_TIME
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


def test_fit_finds_the_profiles_law_though_a_level_had_as_much_company(
    measure, tmp_path: Path
) -> None:
    """Four steps are combined; the quick level's two are of the same setting."""
    assert measure("--queues", "images", "--steps", "4", "--batches", "1", "3") == 0
    law = found(tmp_path).law("images")
    options = Namespace(profile=tmp_path / "out" / "profile.json", queue="images")
    by_setting = fit.run(options)["images"]["batch"]
    [named] = [name for name in by_setting if "ddim" in name and "steps" not in name]
    again = by_setting[named]
    assert again["observations"] == 4
    assert (again["tau0"]["value"], again["tau1"]["value"]) == pytest.approx((law.tau0, law.tau1))


def test_every_story_level_has_the_company_of_the_first(measure, tmp_path: Path) -> None:
    assert measure("--queues", "stories") == 0
    made = found(tmp_path)
    first = [each for each in made.timings if each.setting["page_sentences"] == 2]
    assert {each.batch for each in first} == {1, 2}
    shares = {rung.costs["stories"].crowding for rung in made.rungs}
    assert shares == {crowding(first)} != {None}
    assert [each.reference for each in made.timings] == [each in first for each in made.timings]


def test_alone_there_is_nothing_to_know_of_company(measure, tmp_path: Path) -> None:
    """A worker is taken to draw one after the other, and to write so."""
    assert measure("--batches", "1", "--story-batches", "1") == 0
    made = found(tmp_path)
    assert made.batch == {}
    costs = [cost for rung in made.rungs for cost in rung.costs.values()]
    assert {cost.crowding for cost in costs} == {None}
    assert made.law("images") == made.law("stories") == ONE_AT_A_TIME


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
