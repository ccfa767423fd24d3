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
    "±": r"$\pm$",
    "ρ": r"$\rho$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


PARAGRAPH = r"p{0.34\textwidth}"


@dataclass(frozen=True)
class Table:
    """Rows under one caption; the first `texts` columns are on the left, the rest on the right."""

    name: str
    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    texts: int = 1

    def markdown(self) -> str:
        """For a terminal or a README."""
        rule = ["---"] * self.texts + ["---:"] * (len(self.columns) - self.texts)
        lines = [f"| {' | '.join(_barless(row))} |" for row in (self.columns, rule, *self.rows)]
        return "\n".join(lines) + f"\n\n{self.caption}"

    def latex(self) -> str:
        """A `table` for an article that uses booktabs."""
        rows = "\n".join(map(_row, self.rows))
        # Later columns of text are sentences, which must be broken into lines.
        kinds = ["l"] + [PARAGRAPH] * (self.texts - 1) + ["r"] * (len(self.columns) - self.texts)
        return (
            f"\\begin{{table}}\n\\centering\n\\small\n\\caption{{{escaped(self.caption)}}}\n"
            f"\\label{{tab:{self.name}}}\n\\begin{{tabular}}{{{''.join(kinds)}}}\n"
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
