"""The designed experiment as a command: from a file to journal, tables and plots."""

import csv
import json
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.worker.language.tiny import write_tiny
from worker.study.__main__ import main
from worker.study.experiment.book import Made, Workshop
from worker.study.experiment.book_setting import BookSetting

pytestmark = pytest.mark.usefixtures("one_thread")

DESIGN = """
interactions = []
replicates = 2
seed = 4

[factors]
strategy = ["pipelined", "autoregressive"]
steps = [2, 4]

[fixed]
tokens = 16
batch = 2
"""


@pytest.fixture
def study(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, checkpoints: dict[str, Path]):
    """Run `anova` on tiny models, into a folder of the test's own; its exit status."""
    (tmp_path / "design.toml").write_text(DESIGN)
    settings = {
        "IMAGE_MODEL": checkpoints["v_prediction"],
        "STORY_MODEL": write_tiny(tmp_path / "tiny"),
        "DEVICE": "cpu",
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"STORYTELLER_{name}", str(value))

    def run(*arguments: str, design: bool = True) -> int:
        given = ["--design", str(tmp_path / "design.toml")] if design else []
        out = ["--out", str(tmp_path / "out")]
        monkeypatch.setattr(sys, "argv", ["study", "anova", *given, *out, *arguments])
        return main()

    return run


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[BookSetting]:
    """The settings of the books that are made from now on."""
    books: list[BookSetting] = []
    make = Workshop.make

    def noted(self: Workshop, setting: BookSetting, number: int) -> Made:
        books.append(setting)
        return make(self, setting, number)

    monkeypatch.setattr(Workshop, "make", noted)
    return books


def of_the_design(books: list[BookSetting]) -> list[BookSetting]:
    """Without those that warm up."""
    return [book for book in books if book.tokens == 16]


def records(tmp_path: Path) -> list[dict[str, str]]:
    with (tmp_path / "out" / "anova.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_design_becomes_a_table_its_records_and_plots(
    study, made: list[BookSetting], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study("--json") == 0
    said = capsys.readouterr().out.splitlines()
    result = json.loads((tmp_path / "out" / "anova.json").read_text())
    assert json.loads(said[-1]) == result
    rows = records(tmp_path)
    assert [int(row["order"]) for row in rows] == list(range(1, 9))
    assert [(row["strategy"], int(row["steps"])) for row in rows] == [
        (book.strategy, book.steps) for book in of_the_design(made)
    ], "made in the order of the records"
    assert all(float(row["seconds"]) >= float(row["text_seconds"]) > 0 for row in rows)
    figures = result["figures"]
    assert [each["term"] for each in figures["terms"]] == ["strategy", "steps", "residual"]
    assert figures["runs"] == figures["design"]["runs"] == 8
    assert figures["design"]["defaults"]["tokens"] == 16
    assert figures["checks"]["lack_of_fit"]["pure_df"] == 4
    assert figures["other_scale"]["response"] == "log₂ seconds"
    assert r"\toprule" in (tmp_path / "out" / "anova.tex").read_text()
    for name in ("residuals", "effects"):
        with Image.open(tmp_path / "out" / f"{name}.png") as picture:
            assert picture.width > 300
        assert "<svg" in (tmp_path / "out" / f"{name}.svg").read_text()


def test_a_second_run_makes_only_what_is_missing(
    study, made: list[BookSetting], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study() == 0
    first = records(tmp_path)
    journal = tmp_path / "out" / "anova.jsonl"
    lines = journal.read_text().splitlines()
    assert len(lines) == 1 + 8
    made.clear()
    assert study() == 0
    assert made == []
    journal.write_text("\n".join(lines[:6]))
    assert study() == 0
    assert len(of_the_design(made)) == 3
    again = records(tmp_path)
    assert again[:5] == first[:5]
    assert [row["order"] for row in again] == [row["order"] for row in first]


def test_what_was_made_before_a_stop_is_kept(
    study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make = Workshop.make
    books: list[BookSetting] = []

    def stopped(self: Workshop, setting: BookSetting, number: int) -> Made:
        books.append(setting)
        if len(of_the_design(books)) == 4:
            raise KeyboardInterrupt
        return make(self, setting, number)

    monkeypatch.setattr(Workshop, "make", stopped)
    assert study() == 130
    assert "stopped" in capsys.readouterr().err
    assert len((tmp_path / "out" / "anova.jsonl").read_text().splitlines()) == 1 + 3
    monkeypatch.setattr(Workshop, "make", make)
    assert study() == 0
    assert len(records(tmp_path)) == 8


def test_another_design_in_the_same_folder_is_refused(
    study, made: list[BookSetting], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study() == 0
    before = (tmp_path / "out" / "anova.jsonl").read_text()
    made.clear()
    (tmp_path / "design.toml").write_text(DESIGN.replace("[2, 4]", "[2, 3]"))
    assert study() == 2
    assert "other conditions (design)" in capsys.readouterr().err
    assert made == []
    assert (tmp_path / "out" / "anova.jsonl").read_text() == before


def test_books_of_another_cap_or_device_are_not_mixed_with_these(
    study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study() == 0
    journal = tmp_path / "out" / "anova.jsonl"
    journal.write_text(journal.read_text().replace('"device": "cpu"', '"device": "cuda:0"'))
    monkeypatch.setenv("STORYTELLER_BATCH_CAP", "4")
    assert study() == 2
    assert "other conditions (batch_cap, device)" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("replaced", "told"),
    [
        (("steps = [2, 4]", "size = [32, 33]"), "size"),
        (("steps = [2, 4]", "steps = [2, 2000]"), "steps"),
        (("steps = [2, 4]", 'precision = ["fp32", "fp4"]'), "'nf4'"),
        (("steps = [2, 4]", 'colour = ["red", "blue"]'), "tokens, size, steps"),
        (("autoregressive", "luck"), "'sequential'"),
        (("batch = 2", "batch = 20"), "batch"),
    ],
)
def test_what_cannot_be_made_is_said_before_anything_is(
    study,
    made: list[BookSetting],
    tmp_path: Path,
    replaced: tuple[str, str],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "design.toml").write_text(DESIGN.replace(*replaced))
    assert study() == 2
    assert told in capsys.readouterr().err
    assert made == []
    assert not (tmp_path / "out").exists()


def test_a_precision_that_the_device_cannot_do_is_said(
    study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("worker.precision.importlib.util.find_spec", lambda _: None)
    (tmp_path / "design.toml").write_text(
        DESIGN.replace("steps = [2, 4]", 'precision = ["fp32", "nf4"]')
    )
    assert study() == 2
    error = capsys.readouterr().err
    assert "bitsandbytes" in error
    assert "can be used: auto, fp32, bf16, fp16" in error


RUNS = """machine,shift,parts
old,day,10
old,night,12
new,day,17
new,night,20
old,day,11
old,night,12
new,day,18
new,night,19
"""


def test_runs_of_a_file_are_analysed_without_a_model(
    study, made: list[BookSetting], tmp_path: Path
) -> None:
    (tmp_path / "runs.csv").write_text(RUNS)
    chosen = ["--analyse", str(tmp_path / "runs.csv"), "--response", "parts"]
    assert study(*chosen, design=False) == 0
    result = json.loads((tmp_path / "out" / "anova.json").read_text())
    assert "processor" not in result, "it was measured elsewhere"
    terms = {each["term"]: each for each in result["figures"]["terms"]}
    assert list(terms) == ["machine", "shift", "machine × shift", "residual"]
    assert terms["machine"]["sum_sq"] == pytest.approx(2 * 4 * (18.5 - 11.25) ** 2 / 4)
    assert made == []
    assert study(*chosen, "--factors", "machine", "--log", design=False) == 0
    figures = json.loads((tmp_path / "out" / "anova.json").read_text())["figures"]
    assert [each["term"] for each in figures["terms"]] == ["machine", "residual"]
    assert figures["response"] == "log₂ parts"


def test_records_of_a_design_are_analysed_again_as_they_were(study, tmp_path: Path) -> None:
    assert study() == 0
    first = json.loads((tmp_path / "out" / "anova.json").read_text())["figures"]
    kept = (tmp_path / "out" / "anova.csv").rename(tmp_path / "runs.csv")
    assert study("--analyse", str(kept)) == 0
    again = json.loads((tmp_path / "out" / "anova.json").read_text())["figures"]
    assert again == first
    assert study("--analyse", str(kept), "--response", "text_seconds", design=False) == 0
    figures = json.loads((tmp_path / "out" / "anova.json").read_text())["figures"]
    assert list(figures["design"]["factors"]) == ["strategy", "steps"]


@pytest.mark.parametrize(
    ("text", "arguments", "told"),
    [
        (RUNS, [], "no column seconds; it has machine, shift, parts"),
        (RUNS, ["--response", "shift", "--factors", "machine"], "shift must be a number"),
        (RUNS, ["--response", "parts", "--factors", "colour"], "no column colour"),
        (RUNS, ["--response", "parts", "--interactions", "machine*luck"], "machine, shift"),
        (RUNS.replace("new", "old"), ["--response", "parts"], "machine has one level only"),
        (RUNS.replace("old,day,10", "old,day"), ["--response", "parts"], "fewer cells"),
        ("machine,parts\n", ["--response", "parts"], "has no runs"),
        (RUNS.replace("20", "inf"), ["--response", "parts"], "must be a number"),
        (RUNS.replace("20", "-1"), ["--response", "parts", "--log"], "no logarithm"),
    ],
)
def test_runs_that_cannot_be_analysed_are_refused(
    study,
    tmp_path: Path,
    text: str,
    arguments: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "runs.csv").write_text(text)
    assert study("--analyse", str(tmp_path / "runs.csv"), *arguments, design=False) == 2
    assert told in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_help_names_every_option(study, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        study("--help")
    said = capsys.readouterr().out
    assert all(name in said for name in ("--design", "--analyse", "--response", "--out", "--json"))


def test_an_option_that_the_design_decides_is_refused(
    study, capsys: pytest.CaptureFixture[str]
) -> None:
    assert study("--factors", "steps") == 2
    assert "--factors" in capsys.readouterr().err
    assert study("--analyse", "nowhere.csv") == 2
    assert "nowhere.csv" in capsys.readouterr().err


def test_the_shipped_illustrator_makes_the_books_of_a_design(
    study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STORYTELLER_IMAGE_MODEL")
    (tmp_path / "design.toml").write_text(DESIGN.replace("replicates = 2", ""))
    assert study() == 0
    assert len(records(tmp_path)) == 4
