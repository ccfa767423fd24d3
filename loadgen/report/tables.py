"""The same rows for a terminal, for Markdown, for LaTeX and for a page."""

from collections.abc import Sequence
from html import escape

from rich.table import Table

from loadgen.metrics import Estimate
from loadgen.report.runs import Row, Run

_LATEX = str.maketrans(
    {each: f"\\{each}" for each in "&%$#_{}"}
    | {"\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"}
)


def figure(value: Estimate | float | None) -> str:
    """Three digits, and the interval where there is one."""
    if value is None:
        return "–"
    if isinstance(value, Estimate):
        return f"{value.value:.3g} ({value.low:.3g} … {value.high:.3g})"
    return f"{value:.3g}" if value < 1000 else f"{value:.0f}"


def terminal(runs: Sequence[Run], rows: Sequence[Row]) -> Table:
    """For a person at a terminal."""
    table = Table("", *(run.name for run in runs))
    for row in rows:
        table.add_row(row.title, *map(figure, row.values))
    return table


def markdown(runs: Sequence[Run], rows: Sequence[Row]) -> str:
    """For a README."""
    names = (run.name.replace("|", "\\|") for run in runs)
    lines = [f"| | {' | '.join(names)} |", f"| --- |{' ---: |' * len(runs)}"]
    lines += [f"| {row.title} | {' | '.join(map(figure, row.values))} |" for row in rows]
    return "\n".join(lines) + "\n"


def latex(runs: Sequence[Run], rows: Sequence[Row]) -> str:
    """For a report; needs booktabs."""
    head = " & ".join(["", *(run.name.translate(_LATEX) for run in runs)])
    body = [
        " & ".join([row.title.translate(_LATEX), *(_latex(value) for value in row.values)])
        for row in rows
    ]
    lines = " \\\\\n".join(body)
    return (
        f"\\begin{{tabular}}{{l{'r' * len(runs)}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
        f"{lines} \\\\\n\\bottomrule\n\\end{{tabular}}\n"
    )


def _latex(value: Estimate | float | None) -> str:
    return figure(value).replace("…", "\\dots{}").replace("–", "--")


def html(runs: Sequence[Run], rows: Sequence[Row]) -> str:
    """For a page."""
    head = "".join(f"<th>{escape(run.name)}</th>" for run in runs)
    body = "".join(_line(row) for row in rows)
    return f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table>"


def _line(row: Row) -> str:
    cells = "".join(f"<td>{figure(value)}</td>" for value in row.values)
    return f"<tr><th>{escape(row.title)}</th>{cells}</tr>"
