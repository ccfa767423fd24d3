"""Tables for LaTeX (booktabs) and for reading (Markdown)."""

from collections.abc import Sequence
from dataclasses import dataclass

SPECIAL = {
    "\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    "±": r"$\pm$", "×": r"$\times$", "÷": r"$\div$", "−": "$-$", "…": r"\dots{}", "σ": r"$\sigma$",
    "η": r"$\eta$", "ω": r"$\omega$", "χ": r"$\chi$", "²": "$^2$", "₂": "$_2$", "–": "--",
    "<": "$<$", ">": "$>$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """One block of rows; the first column is text, the others are figures."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Table:
    """Panels under one caption."""

    name: str
    """Of the file, and in the label tab:NAME"""
    caption: str
    panels: tuple[Panel, ...]

    def latex(self) -> str:
        r"""A `table` that an article with \usepackage{booktabs} can \input."""
        body = "\n\n\\medskip\n\n".join(_tabular(panel) for panel in self.panels)
        return (
            f"% Needs \\usepackage{{booktabs}}.\n\\begin{{table}}\n\\centering\n\\small\n"
            f"\\caption{{{escaped(self.caption)}}}\n\\label{{tab:{self.name}}}\n{body}\n\\end{{table}}\n"
        )

    def markdown(self) -> str:
        """The same for a terminal or a README."""
        return "\n\n".join([*(_lines(panel) for panel in self.panels), self.caption])


def escaped(text: str) -> str:
    """`text` with every character that means something to LaTeX made to mean itself."""
    return "".join(SPECIAL.get(sign, sign) for sign in text)


def _tabular(panel: Panel) -> str:
    kinds = "l" + "r" * (len(panel.columns) - 1)
    rows = "\n".join(_row(row) for row in panel.rows)
    return (
        f"\\begin{{tabular}}{{{kinds}}}\n\\toprule\n{_row(panel.columns)}\n\\midrule\n{rows}\n"
        "\\bottomrule\n\\end{tabular}"
    )


def _row(cells: Sequence[str]) -> str:
    return " & ".join(escaped(cell) for cell in cells) + r" \\"


def _lines(panel: Panel) -> str:
    rule = ("---", *["---:"] * (len(panel.columns) - 1))
    return "\n".join("| " + " | ".join(row) + " |" for row in (panel.columns, rule, *panel.rows))
