"""`python -m loadgen report` as its user runs it, on synthetic records."""

import argparse
import gzip
import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from PIL import Image

from loadgen import __main__, parquet
from loadgen.commands import report as command
from loadgen.level_changes import save as save_changes
from loadgen.record import Record, write
from services.contract.profile import Cost, Interval, Profile, Rung
from tests.controller.situations import level
from tests.loadgen.test_metrics import RECORDS
from tests.loadgen.test_report import CHANGES, Wellformed

SECONDS = 60


def save(path: Path, records: list[Record], tail: str = "") -> Path:
    with path.open("w") as file:
        for record in records:
            write(file, record)
        file.write(tail)
    return path


def report(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "loadgen", "report", *map(str, arguments)],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip


def write_report(*arguments: object) -> None:
    """In this process, which has loaded what draws."""
    parser = argparse.ArgumentParser()
    command.add(parser.add_subparsers())
    command.run(parser.parse_args(["report", *map(str, arguments)]))


def profile(path: Path, *names: str) -> Path:
    near = Interval(value=1.0, low=0.9, high=1.1)
    worth = Interval(value=80.0, low=79.0, high=81.0)
    cost = Cost(seconds=near, scv=0.1, quality=worth)
    rungs = tuple(Rung(level=level(name), costs={"images": cost}) for name in names)
    path.write_text(Profile(made_with={}, rungs=rungs).model_dump_json())
    return path


def test_a_report_of_two_runs_is_tables_plots_and_a_page(tmp_path: Path) -> None:
    first = save(tmp_path / "slow & low.jsonl", RECORDS)
    second = save(tmp_path / "half.jsonl", RECORDS[:3], tail='{"number": 9, "ki')
    out = tmp_path / "out"
    goal = ("--goodput", "e2el:3000", "--profile", profile(tmp_path / "p.json", "fast", "quality"))
    ended = report(first, second, "--out", out, *goal, "--json")

    assert (ended.returncode, ended.stderr) == (0, "")
    plots = {"responses", "over-time-slow & low", "over-time-half", "rates"}
    wrote = {f"{name}.{ending}" for name in plots for ending in ("png", "svg")}
    wrote |= {"index.html", "table.md", "table.tex"}
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told == {"out": str(out), "wrote": sorted(wrote), "plots": True}
    assert {path.name for path in out.iterdir()} == wrote
    for name in plots:
        with Image.open(out / f"{name}.png") as picture:
            assert min(picture.size) > 400
            assert len(set(picture.convert("L").tobytes())) > 10, "something is drawn"
        assert ET.parse(out / f"{name}.svg").getroot().tag == "{http://www.w3.org/2000/svg}svg"
    reader = Wellformed()
    reader.feed((out / "index.html").read_text())
    assert reader.open.count("svg") == 0
    assert (out / "index.html").read_text().count("<svg") == len(plots)
    assert "| requests | 6 | 3 |" in (out / "table.md").read_text()
    assert "slow & low" in ended.stdout


def test_compressed_records_and_tables_give_the_same_report(tmp_path: Path) -> None:
    plain = save(tmp_path / "run.jsonl", RECORDS)
    for folder in ("gz", "table"):
        (tmp_path / folder).mkdir()
    packed, table = tmp_path / "gz" / "run.jsonl.gz", tmp_path / "table" / "run.parquet"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    parquet.write(table, Record, RECORDS)
    for path in (plain, packed, table):
        save_changes(path.parent / "run.levels.json", CHANGES)
        out = path.parent / "out"
        write_report(path, "--out", out)
        assert "| time at fast, images | 0.6 |" in (out / "table.md").read_text()
    for name in ("table.md", "over-time-run.svg"):
        (only,) = {(path.parent / "out" / name).read_bytes() for path in (plain, packed, table)}
        assert only


def test_without_matplotlib_all_but_the_plots_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.delitem(sys.modules, "loadgen.report.plots", raising=False)
    monkeypatch.delattr("loadgen.report.plots", raising=False)
    path, out = save(tmp_path / "run.jsonl", RECORDS), tmp_path / "out"
    arguments = ["loadgen", "report", str(path), "--out", str(out), "--json"]
    monkeypatch.setattr(sys, "argv", arguments)
    assert __main__.main() == 0
    told = capsys.readouterr()
    assert "no plots: they need matplotlib" in told.err
    assert "pip install matplotlib" in told.err
    found = json.loads(told.out.splitlines()[-1])
    assert found["plots"] is False
    assert found["wrote"] == ["index.html", "table.md", "table.tex"]
    reader = Wellformed()
    reader.feed((out / "index.html").read_text())
    assert reader.open == []
    assert "mean response, s" in reader.text


def test_the_same_records_give_the_same_report(tmp_path: Path) -> None:
    path = save(tmp_path / "run.jsonl", RECORDS)
    for out in ("one", "two"):
        assert report(path, "--out", tmp_path / out).returncode == 0
    for name in ("responses.svg", "table.md", "table.tex", "index.html"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_run_that_sent_nothing_is_reported_as_such(tmp_path: Path) -> None:
    ended = report(save(tmp_path / "run.jsonl", []), "--out", tmp_path / "out")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "| mean response, s | – |" in (tmp_path / "out" / "table.md").read_text()


@pytest.mark.parametrize(
    ("text", "more", "complaint"),
    [
        ('{"colour": 1}\n', (), "run.jsonl, line 1 is not a record: unknown fields colour"),
        ("time,kind\n1,image\n", (), "run.jsonl, line 1 is not a record"),
        (None, (), "No such file"),
        ("", ("--goodput", "3"), "e2el:10000"),
        ("", ("--percentiles", "x"), "write 50,95,99"),
        ("", ("--profile", "nowhere.json"), "nowhere.json"),
    ],
)
def test_what_is_no_report_is_told_in_one_line(
    tmp_path: Path, text: str | None, more: tuple[str, ...], complaint: str
) -> None:
    path = tmp_path / "run.jsonl"
    if text is not None:
        path.write_text(text)
    ended = report(path, "--out", tmp_path / "out", *more)
    assert ended.returncode == 2
    assert complaint in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_profile_that_lacks_a_level_of_the_records_is_told(tmp_path: Path) -> None:
    path = save(tmp_path / "run.jsonl", RECORDS)
    ended = report(path, "--out", tmp_path / "out", "--profile", profile(tmp_path / "p", "quality"))
    assert ended.returncode == 2
    assert "level fast" in ended.stderr


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    paths = [save(tmp_path / folder / "run.jsonl", RECORDS) for folder in ("a", "b")]
    ended = report(*paths, "--out", tmp_path / "out")
    assert ended.returncode == 2
    assert "two of the files are called run" in ended.stderr
