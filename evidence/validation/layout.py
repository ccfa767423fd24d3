"""One table, for reading (Markdown) and for LaTeX (booktabs)."""

from collections.abc import Sequence
from dataclasses import dataclass

SPECIAL = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "…": r"\dots{}",
    "–": "--",
    "−": "$-$",
    "≥": r"$\geq$",
    "≤": r"$\leq$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


@dataclass(frozen=True)
class Table:
    """Rows of text under one caption; the first column is on the left, the others on the right."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """For a terminal or a README."""
        rule = ("---", *["---:"] * (len(self.columns) - 1))
        lines = [f"| {' | '.join(_barless(row))} |" for row in (self.columns, rule, *self.rows)]
        return "\n".join(lines) + f"\n\n{self.caption}"

    def latex(self) -> str:
        """A `table` for an article that uses booktabs."""
        rows = "\n".join(map(_row, self.rows))
        return (
            f"\\begin{{table}}\n\\centering\n\\small\n\\caption{{{escaped(self.caption)}}}\n"
            f"\\label{{tab:{self.name}}}\n\\begin{{tabular}}{{l{'r' * (len(self.columns) - 1)}}}\n"
            f"\\toprule\n{_row(self.columns)}\n\\midrule\n{rows}\n\\bottomrule\n\\end{{tabular}}\n"
            f"\\end{{table}}\n"
        )


def escaped(text: str) -> str:
    """With every character that means something to LaTeX made to mean itself."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)


def _row(cells: Sequence[str]) -> str:
    return " & ".join(map(escaped, cells)) + r" \\"


def _barless(cells: Sequence[str]) -> list[str]:
    return [cell.replace("|", "\\|") for cell in cells]
