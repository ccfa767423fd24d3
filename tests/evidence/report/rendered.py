"""What a report says of a study, each part on one line."""

import re
from pathlib import Path

from evidence.report import article, study
from evidence.report.contents import Contents


def abstract(folder: Path) -> str:
    """Before the chapters."""
    return _parts(folder)[0]


def body(folder: Path) -> str:
    """The chapters."""
    return _parts(folder)[1]


def _parts(folder: Path) -> list[str]:
    found = article.render(Contents(study.read(folder)).context())
    return [re.sub(r"\s+", " ", each) for each in found]
