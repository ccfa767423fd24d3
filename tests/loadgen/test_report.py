"""Tables, plots and a page from synthetic records with known answers."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from pathlib import Path

import pytest
from PIL import Image

from loadgen.metrics import Goal
from loadgen.record import Record, write
from loadgen.report import page, tables
from loadgen.report.runs import MissingQuality, Run, Terms, rows
from services.contract.profile import Cost, Interval, Profile, Rung
from tests.controller.situations import level
from tests.loadgen.test_metrics import RECORDS, done

SECONDS = 60
WORTH = {"fast": 80.0, "quality": 90.0}
AWKWARD = Run("a&b_50%<i>|x", RECORDS)


def found(*runs: Run, **terms: object) -> dict[str, list]:
    """The values of each row, an interval by its middle."""
    values = rows(runs, Terms(**terms))
    return {row.title: [getattr(v, "value", v) for v in row.values] for row in values}


def test_each_row_holds_what_the_records_say() -> None:
    known = found(Run("one", RECORDS), goal=Goal(3.0), quality=WORTH, percents=(50, 95))
    assert known == {
        "requests": [6],
        "requests a second": [1.0],
        "answered": [pytest.approx(4 / 6)],
        "mean response, s": [3.75],
        "p50 response, s": [2.5],
        "p95 response, s": [pytest.approx(8.1)],
        "mean wait, s": [1.875],
        "mean service, s": [1.875],
        "mean number outstanding": [1.6],
        "good answers a second": [3 / 12],
        "within 3 s": [0.5],
        "mean quality": [82.5],
        "quality in time, a second": [pytest.approx(250 / 12)],
        "at fast": [0.75],
        "at quality": [0.25],
    }


def test_runs_stand_side_by_side_and_a_level_that_one_lacks_has_no_share_there() -> None:
    known = found(Run("one", RECORDS), Run("two", [done(0, 1.0), done(4, 1.0)]))
    assert known["mean response, s"] == [3.75, 1.0]
    assert known["requests a second"] == [1.0, 0.25]
    assert known["at quality"] == [0.25, 0.0]


def test_a_run_without_requests_has_no_figures_and_no_failure() -> None:
    known = found(Run("none", []), goal=Goal(3.0), quality=WORTH)
    assert (known["requests"], known["mean response, s"], known["within 3 s"]) == (
        [0],
        [None],
        [None],
    )
    assert known["mean quality"] == [None]


def test_a_level_whose_quality_is_not_known_is_named() -> None:
    with pytest.raises(MissingQuality, match=r"no quality .* level fast: .*--profile"):
        found(Run("one", RECORDS), quality={"quality": 90.0})


def test_an_interval_is_shown_with_its_figure() -> None:
    (row,) = [r for r in rows([Run("one", RECORDS)], Terms()) if r.title == "mean response, s"]
    assert re.fullmatch(r"3\.75 \(\d\.?\d* … \d\.?\d*\)", tables.figure(row.values[0]))
    assert row.values[0].low < 3.75 < row.values[0].high
    assert tables.figure(None) == "–"


def test_latex_is_escaped_and_has_as_many_cells_in_every_line() -> None:
    text = tables.latex([AWKWARD, AWKWARD], rows([AWKWARD, AWKWARD], Terms()))
    body = text[text.index("\\toprule") : text.index("\\bottomrule")]
    lines = [line for line in body.splitlines() if line.endswith("\\\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {2}
    assert "a\\&b\\_50\\%<i>|x" in lines[0]
    assert not re.search(r"(?<!\\)[%#_]", body)
    assert text.count("{") == text.count("}")


def test_latex_shows_a_backslash_and_a_tilde_as_such() -> None:
    awkward = Run("a\\b~c^d", RECORDS)
    text = tables.latex([awkward], [])
    assert "a\\textbackslash{}b\\textasciitilde{}c\\textasciicircum{}d" in text


def test_markdown_has_as_many_cells_in_every_line() -> None:
    text = tables.markdown([AWKWARD], rows([AWKWARD], Terms()))
    lines = text.splitlines()
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}
    assert "a&b_50%<i>\\|x" in lines[0]


class Wellformed(HTMLParser):
    """Every element that is opened is closed, and what it names comes from the page itself."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not [value for name, value in attrs if name in ("src", "href") and value[:1] != "#"]
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_a_page_is_well_formed_and_escapes_names() -> None:
    reader = Wellformed()
    table = tables.html([AWKWARD], rows([AWKWARD], Terms()))
    reader.feed(page.page(table, [], ["<script>.jsonl"]))
    assert reader.open == []
    assert AWKWARD.name in reader.text
    assert "From the records <script>.jsonl." in reader.text


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
