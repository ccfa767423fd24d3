"""Tables, plots and a page from synthetic records with known answers."""

import re
from html.parser import HTMLParser

import pytest
from matplotlib.colors import to_hex

from loadgen.level_changes import Change
from loadgen.metrics import Goal
from loadgen.record import Record
from loadgen.report import page, plots, tables
from loadgen.report.runs import MissingQuality, Run, Terms, rows
from tests.loadgen.test_metrics import RECORDS, done

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


CHANGES = [
    Change("images", -9.0, "quality", "the start"),
    Change("images", 2.0, "fast", "depth 9"),
    Change("stories", -9.0, "balanced", "the start"),
]


def test_the_time_at_each_level_is_told_where_it_is_known() -> None:
    """RECORDS are due from 0 to 5 s; no story is among them."""
    known = found(Run("one", RECORDS, CHANGES), Run("two", RECORDS))
    assert known["time at quality, images"] == [pytest.approx(0.4), None]
    assert known["time at fast, images"] == [pytest.approx(0.6), None]
    assert not [title for title in known if "stories" in title]


@pytest.mark.parametrize(
    ("kinds", "queues"),
    [
        (("image",), ["images"]),
        (("storybook", "image"), ["stories", "images"]),
        (("film", "story"), ["stories"]),
    ],
)
def test_a_run_goes_through_the_queues_of_its_kinds(
    kinds: tuple[str, ...], queues: list[str]
) -> None:
    assert Run("one", [Record(n, kind, n) for n, kind in enumerate(kinds)]).queues == queues


def test_levels_over_time_are_drawn_in_the_colours_of_the_answers() -> None:
    _, levels, answers = plots.over_time(Run("one", RECORDS, CHANGES)).axes
    assert [each.get_text() for each in levels.get_yticklabels()] == ["images"]
    begins = [bar.get_paths()[0].vertices[:, 0].min() for bar in levels.collections]
    assert begins == [0.0, 2.0]
    bars = [to_hex(bar.get_facecolor()[0]) for bar in levels.collections]
    drawn = {line.get_label(): to_hex(line.get_color()) for line in answers.lines}
    assert bars == [drawn["quality"], drawn["fast"]]
    assert set(drawn) == {"quality", "fast"}
    assert len(plots.over_time(Run("one", RECORDS)).axes) == 2
    assert len(plots.over_time(Run("none", [], CHANGES)).axes) == 3


def test_more_levels_than_colours_are_all_drawn() -> None:
    records = [done(n, 1.0, level=f"level-{n}") for n in range(9)]
    *_, answers = plots.over_time(Run("one", records)).axes
    assert sum(len(line.get_xdata()) for line in answers.lines) == 9


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
