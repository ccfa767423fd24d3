"""From LaTeX to PDF, by pdflatex."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

PROGRAM = "pdflatex"
NEEDED = "apt-get install texlive-latex-recommended"
DRAFTS = 2
"""Runs that make no PDF, after which references and the widths of long tables have settled."""
SECONDS = 120
SAID = 15
"""Lines of the log that an error shows."""


class NoLatex(OSError):
    """There is no pdflatex; says what to install."""


class BadLatex(ValueError):
    """pdflatex refused the document; the message is the end of what it said."""


def available() -> bool:
    """Whether this machine has it."""
    return shutil.which(PROGRAM) is not None


def compiled(tex: Path) -> str:
    """Write the PDF beside a .tex; the log of the last run. Raises NoLatex or BadLatex.

    The same document gives the same bytes.
    """
    if not available():
        raise NoLatex(f"there is no {PROGRAM}, so no PDF was written: {NEEDED}")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(DRAFTS):
            _run(tex, Path(folder), "-draftmode")
        _run(tex, Path(folder))
        shutil.copyfile(Path(folder) / f"{tex.stem}.pdf", tex.with_suffix(".pdf"))
        return (Path(folder) / f"{tex.stem}.log").read_text(errors="replace")


def _run(tex: Path, folder: Path, *options: str) -> None:
    command = [PROGRAM, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", *options]
    try:
        done = subprocess.run(
            [*command, f"-output-directory={folder}", tex.name],
            cwd=tex.parent,
            env=os.environ | {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"},
            capture_output=True,
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise BadLatex(f"{PROGRAM} did not end within {SECONDS} s on {tex}") from error
    if done.returncode:
        told = done.stdout.decode(errors="replace").splitlines()[-SAID:]
        raise BadLatex(f"{PROGRAM} refused {tex}:\n" + "\n".join(told))
