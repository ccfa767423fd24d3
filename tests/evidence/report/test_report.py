"""The report of a small study, from its records to the page and the article."""

import os
import re
import subprocess
import sys
from argparse import Namespace
from pathlib import Path

import pytest

from evidence.report import article, command, pdf, study
from evidence.report.contents import Contents
from evidence.validation.variants import VARIANTS
from tests.evidence.report import near_loops, studies

LATEX = pytest.mark.skipif(
    not pdf.available() and "CI" not in os.environ, reason="no pdflatex: " + pdf.NEEDED
)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of everything."""
    folder = tmp_path_factory.mktemp("report")
    return report(studies.whole(folder / "study"), folder / "out")


def report(folder: Path, out: Path) -> Path:
    """Where it was written."""
    command.run(Namespace(study=folder, named=None, out=out))
    return out


def text(page: str) -> str:
    """What a reader sees of a page."""
    body = page[page.index("<body>") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def test_planted_figures_are_on_the_page(written: Path) -> None:
    shown = text((written / "index.html").read_text())
    planted = ("0.0123", "37.75 ± 0.40", "35 of the 36", "0.37", "0.875", "12.5", "−25 %", "8.02")
    assert [each for each in planted if each not in shown] == []


def test_nothing_is_said_of_nothing(written: Path) -> None:
    for name in ("index.html", "report.tex"):
        said = (written / name).read_text()
        assert re.findall(r"\b(?:nan|None|undefined|inf|True|False)\b", said) == []
        assert "Not measured" not in said


def test_every_picture_is_there_and_none_else(written: Path) -> None:
    page, tex = ((written / name).read_text() for name in ("index.html", "report.tex"))
    shown = set(re.findall(r'src="([^"]+)"', page)) | set(re.findall(r"\{(figures/[^}]+)\}", tex))
    assert len(shown) == 24
    assert {
        path.relative_to(written).as_posix() for path in (written / "figures").iterdir()
    } == shown


def test_every_caption_names_the_command_of_its_records(written: Path) -> None:
    page = (written / "index.html").read_text()
    captions = re.findall(r"<(?:fig)?caption[^>]*>(.*?)</(?:fig)?caption>", page, re.DOTALL)
    unnamed = [each for each in captions if "Records: <code>python -m " not in each]
    assert len(captions) > 20
    assert len(unnamed) == 1  # that of the questions, which come from all records
    assert "questions" in unnamed[0]


def test_special_characters_reach_the_article(written: Path) -> None:
    said = (written / "report.tex").read_text()
    assert r"tiny\_story" in said
    assert "threshold:4,12" in said
    assert "relative-change:0.02" in said


@LATEX
def test_the_article_compiles_to_the_same_bytes_and_fits_its_pages(written: Path) -> None:
    before = (written / "report.pdf").read_bytes()
    assert before.startswith(b"%PDF")
    log = pdf.compiled(written / "report.tex")
    assert re.findall(r"Overfull .*|undefined references|Missing character.*", log) == []
    assert (written / "report.pdf").read_bytes() == before


@LATEX
def test_predictions_on_all_other_terms_fit_a_page(tmp_path: Path) -> None:
    said = {name: near_loops.errors(0.1234, 1.2345, runs=12) for name in VARIANTS}
    near_loops.validated(tmp_path / "study", **said)
    tex = report(tmp_path / "study", tmp_path / "out") / "report.tex"
    assert tex.read_text().count("(12)") == 2 * len(VARIANTS)
    assert re.findall(r"Overfull .*", pdf.compiled(tex)) == []


def test_the_same_records_give_the_same_report(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pdf, "PROGRAM", "no-such-latex")
    monkeypatch.delenv("CI", raising=False)
    again = report(written.parent / "study", tmp_path)
    files = [path.relative_to(again) for path in again.rglob("*") if path.is_file()]
    assert len(files) == 26
    assert [
        each for each in files if (again / each).read_bytes() != (written / each).read_bytes()
    ] == []


@LATEX
def test_a_study_of_nothing_says_how_to_make_it(tmp_path: Path) -> None:
    (tmp_path / "study").mkdir()
    out = report(tmp_path / "study", tmp_path / "out")
    shown = text((out / "index.html").read_text())
    stages = ("profile", "anova", "validation", "quantization", "early-exit", "original")
    stages += ("frontier", "strategies", "dispatch")
    assert [each for each in stages if f'make study ARGS="--only {each}"' not in shown] == []
    assert not (out / "figures").exists()


@pytest.mark.parametrize("lacking", ["profile", "validation", "live", "anova", "frontier"])
def test_any_part_may_be_missing(tmp_path: Path, lacking: str) -> None:
    folder = studies.whole(tmp_path)
    for path in (folder / lacking).iterdir():
        path.unlink()
    _, body = article.render(Contents(study.read(folder)).context())
    assert ("Not measured in this study" in body) == (lacking != "live")


@pytest.mark.parametrize(
    ("scv", "said"),
    [(0.01, "nearly constant"), (0.5, "less variable than exp"), (2.0, "more variable than exp")],
)
def test_words_follow_the_numbers(tmp_path: Path, scv: float, said: str) -> None:
    studies.profiled(tmp_path, scv=scv)
    _, body = article.render(Contents(study.read(tmp_path)).context())
    assert said in body


@LATEX
def test_awkward_names_do_not_break_it(tmp_path: Path) -> None:
    awkward = r"50%_of {x} \ ~ ^ # & <b> $y$ `z` | λ ≤ 3 × 2"
    studies.validated(tmp_path, [studies.run("fixed:slow", 0.4, 4.0, 4.0, broken=[awkward])])
    out = report(tmp_path, tmp_path / "out")
    assert awkward in text((out / "index.html").read_text()).replace("&lt;", "<").replace(
        "&gt;", ">"
    ).replace("&amp;", "&")


def test_without_latex_the_rest_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    studies.anova(tmp_path / "study")
    monkeypatch.setattr(pdf, "PROGRAM", "no-such-latex")
    monkeypatch.delenv("CI", raising=False)
    out = report(tmp_path / "study", tmp_path / "out")
    assert {path.name for path in out.iterdir()} == {"index.html", "report.tex", "figures"}
    assert pdf.NEEDED in capsys.readouterr().err
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pdf.NoLatex, match="texlive"):
        report(tmp_path / "study", tmp_path / "out")


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    asked = [sys.executable, "-m", "evidence", "report", str(tmp_path / "gone")]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "there is no study in" in done.stderr
    assert "Traceback" not in done.stderr
