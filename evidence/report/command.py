"""`report`: an article and a page from the records of a study.

Writes report.tex, report.pdf and index.html with their figures. Nothing in them is typed in: the
chapters in evidence/report/chapters take every number and every verdict from the records.
"""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from evidence.report import article, pdf, study, typesetting
from evidence.report.contents import DRAWINGS, Contents
from evidence.report.figures import drawing
from evidence.report.records import BadStudy
from evidence.report.study import Study
from evidence.report.typesetting import Text

TITLE = "Quality as the queue allows"
FIGURES = "figures"


def add(subparsers: Any) -> None:
    """Register the command."""
    parser = subparsers.add_parser(
        "report",
        help="an article (LaTeX, PDF) and a page from the records of a study",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("study", type=Path, nargs="?", help="folder of a study's records")
    parser.add_argument("--study", type=Path, dest="named", help="the same")
    parser.add_argument("--out", type=Path, default=Path("docs/report"), help="folder to write to")
    parser.add_argument("--json", action="store_true", help="the last line is one JSON object")
    parser.set_defaults(run=run)


def run(asked: argparse.Namespace) -> dict[str, Any]:
    """Write it all. Raises BadStudy; NoLatex where CI is set; BadLatex; OSError."""
    found = _study(asked)
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, transient=True) as progress:
        task = progress.add_task("reading the records", total=None)
        contents = Contents(found)
        progress.update(task, description="writing the chapters")
        text = _text(contents, found)
        progress.update(task, description="drawing the figures")
        _draw(contents, asked.out / FIGURES)
        progress.update(task, description="setting the article")
        complaint = _write(text, asked.out)
    return _told(asked.out, contents, complaint)


def _study(asked: argparse.Namespace) -> Study:
    folder = asked.named or asked.study
    if folder is None:
        raise BadStudy("name the folder of a study: python -m evidence report FOLDER")
    return study.read(folder)


def _text(contents: Contents, found: Study) -> Text:
    abstract, body = article.render(contents.context())
    return Text(TITLE, found.date, abstract, body)


def _draw(contents: Contents, folder: Path) -> None:
    """Figures of an earlier report that this one does not show are removed."""
    for name in DRAWINGS:
        drawing.remove(folder, name)
    for name, drawn in contents.figures.items():
        drawing.save(drawn, folder, name)
    for name, path in contents.pictures.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}{path.suffix}").write_bytes(path.read_bytes())


def _write(text: Text, out: Path) -> str | None:
    """What is amiss, if something is."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "index.html").write_text(typesetting.page(text))
    tex = out / "report.tex"
    tex.write_text(typesetting.latex(text))
    try:
        pdf.compiled(tex)
    except pdf.NoLatex as error:
        tex.with_suffix(".pdf").unlink(missing_ok=True)
        if os.environ.get("CI"):
            raise
        return str(error)
    return None


def _told(out: Path, contents: Contents, complaint: str | None) -> dict[str, Any]:
    wrote = ["index.html", "report.tex", *([] if complaint else ["report.pdf"])]
    shown = contents.context()
    verdicts = {each.name: each.verdict for each in shown["verdicts"]}
    print(f"{out}: {', '.join(wrote)}, {len(contents.figures)} figures")
    if complaint:
        print(complaint, file=sys.stderr)
    return {
        "out": str(out),
        "wrote": wrote,
        "figures": sorted(contents.figures),
        "pdf": complaint is None,
        "verdicts": verdicts,
    }
