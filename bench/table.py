"""The findings as people read them. Pure."""

from collections.abc import Sequence

from bench.records import Finding

HEADINGS = ("scene", "what", "value", "target", "met")
MET = {True: "yes", False: "NO", None: ""}


def render(findings: Sequence[Finding]) -> str:
    """A table in Markdown, its columns as wide as their widest cell."""
    rows = [HEADINGS, *(_cells(finding) for finding in findings)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    rule = tuple("-" * width for width in widths)
    return "\n".join(_line(row, widths) for row in (rows[0], rule, *rows[1:]))


def _cells(finding: Finding) -> tuple[str, ...]:
    target = finding.target
    wanted = "" if target is None else f"{target.demand} {_number(target.value)}"
    value = f"{_number(finding.value)} {finding.unit}".rstrip()
    return finding.scene, finding.what, value, wanted, MET[finding.met]


def _number(value: float) -> str:
    """Three significant digits, and never an exponent."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell.ljust(width) for cell, width in zip(cells, widths, strict=True))
    return f"| {' | '.join(padded)} |"
