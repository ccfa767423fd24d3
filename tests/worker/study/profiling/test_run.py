"""Profile and quality as commands, on tiny models."""

import json
from pathlib import Path

import pytest
from PIL import Image

from services.contract import profile
from services.contract.profile import Profile, Timing
from worker.batching.engine import Engine

pytestmark = pytest.mark.usefixtures("one_thread")


def found(tmp_path: Path) -> Profile:
    return profile.load(tmp_path / "out" / "profile.json")


def test_a_profile_has_what_every_level_costs_each_queue(
    measure, tmp_path: Path, checkpoints: dict[str, Path]
) -> None:
    assert measure() == 0
    made = found(tmp_path)
    assert [rung.level.name for rung in made.rungs] == ["slow", "same", "quick"]
    for rung in made.rungs:
        for queue in ("images", "stories"):
            cost = rung.costs[queue]
            assert 0 < cost.seconds.value < 60
            assert cost.quality is None
    assert made.cost("slow", "images") == made.cost("same", "images")
    assert made.cost("slow", "stories") == made.cost("quick", "stories")
    assert (made.law("images").cap, made.law("stories").cap) == (8, 8)
    models = {"images": checkpoints["v_prediction"].name, "stories": str(tmp_path / "tiny")}
    assert made.made_with["models"] == models
    assert made.made_with["threads"] == 1
    assert made.made_with["options"]["story_batches"] == [1, 2]
    check_stories([each for each in made.timings if each.queue == "stories"])


def check_stories(timings: list[Timing]) -> None:
    """Alone at each level that differs, together at the first one, and the same then."""
    alone = [each for each in timings if each.batch == 1]
    together = [each for each in timings if each.batch == 2]
    assert [each.setting["page_sentences"] for each in alone] == [2, 1, 2, 1]
    assert [each.setting["story"] for each in together] == [0, 1]
    for each in together:
        [same] = [one for one in alone if one.setting == each.setting]
        assert same.steps == each.steps


def test_timings_are_those_of_the_grid(measure, tmp_path: Path) -> None:
    assert measure("--queues", "images") == 0
    made = found(tmp_path)
    told = {(each.setting["sampler"], each.steps, each.batch) for each in made.timings}
    drawn = (("ddpm", 6), ("ddim", 4), ("ddim", 2))
    assert told == {(*each, b) for each in drawn for b in (1, 3)}
    assert all(len(each.seconds) == 2 for each in made.timings)
    assert all(each.setting["width"] == 32 for each in made.timings)
    assert list(made.batch) == list(made.rungs[0].costs) == ["images"]


def test_a_second_run_measures_only_what_is_missing(
    measure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert measure("--queues", "images") == 0
    first = found(tmp_path)
    drawn: list[object] = []
    submit = Engine.submit
    monkeypatch.setattr(
        Engine, "submit", lambda self, request: drawn.append(request) or submit(self, request)
    )
    assert measure("--queues", "images") == 0
    assert not drawn
    assert found(tmp_path).timings == first.timings
    assert measure("--queues", "images", "--repeats", "3") == 0
    assert drawn
    for before, after in zip(first.timings, found(tmp_path).timings, strict=True):
        assert after.seconds[:2] == before.seconds
        assert len(after.seconds) == 3


def test_quality_goes_into_the_profile_and_stays_there(
    study, measure, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert measure("--queues", "images") == 0
    judging = ["--count", "4", "--group", "2", "--in-flight", "4", "--columns", "3"]
    assert study("quality", *judging, "--json") == 0
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    made = found(tmp_path)
    for rung in made.rungs:
        quality = rung.costs["images"].quality
        assert quality is not None
        assert 0 <= quality.value <= 100
        assert quality.value == result["figures"][rung.level.name]["clip_score"]["value"]
    slow, same = (made.cost(name, "images").quality for name in ("slow", "same"))
    assert slow == same
    assert "clip_score_minus_first" not in result["figures"]["same"]
    assert "frechet_minus_first" in result["figures"]["quick"]
    rows = (tmp_path / "out" / "quality.csv").read_text().splitlines()
    assert len(rows) == 1 + 2 * 4
    with Image.open(tmp_path / "out" / "contact-sheet.png") as sheet:
        assert sheet.width == 70 + 3 * 134
        assert sheet.height == 42 + 2 * 134
    assert measure("--queues", "images") == 0
    assert found(tmp_path).cost("quick", "images").quality == made.cost("quick", "images").quality


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["profile", "--batches", "1", "9"], "STORYTELLER_BATCH_CAP is 8"),
        (
            ["profile", "--queues", "stories", "--story-batches", "1", "9"],
            "STORYTELLER_STORY_BATCH",
        ),
        (["profile", "--batches", "2", "8"], "say --batches 1 2 8"),
        (["profile", "--story-batches", "8"], "say --story-batches 1 8"),
        (["profile", "--guidance", "99"], "guidance_scale"),
        (["profile", "--levels", "nowhere.toml"], "nowhere.toml"),
        (["profile", "--steps", "2000"], "steps"),
        (["quality"], "is no profile"),
    ],
)
def test_what_cannot_be_measured_is_said(
    study, tmp_path: Path, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study(*arguments) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--repeats", "1"], "at least 2"),
        (["--sizes", "big"], "WIDTHxHEIGHT"),
        (["--samplers", "luck"], "invalid choice"),
    ],
)
def test_an_option_that_is_none_is_refused(
    study, arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        study("profile", *arguments)
    assert told in capsys.readouterr().err
