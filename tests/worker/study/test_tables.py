"""Tables as LaTeX and Markdown read them."""

import re

from worker.study.tables import Panel, Table, escaped

TABLE = Table(
    "early_exit",
    "50 % of A_B & more",
    (
        Panel(("setting", "steps"), (("clip-score:1", "9 ± 1"), ("50 %", "−2"))),
        Panel(("model", "MB", "÷"), (("a_b", "1", "2"),)),
    ),
)


def test_what_means_something_to_latex_is_escaped() -> None:
    assert escaped("50% & #1_{a}$") == r"50\% \& \#1\_\{a\}\$"
    assert escaped("a ± b … −1 × 2") == r"a $\pm$ b \dots{} $-$1 $\times$ 2"
    assert escaped("η² < log₂ ω, χ – 1") == (r"$\eta$$^2$ $<$ log$_2$ $\omega$, $\chi$ -- 1")
    assert escaped("\\~^") == r"\textbackslash{}\textasciitilde{}\textasciicircum{}"


def test_every_row_has_as_many_cells_as_its_tabular_has_columns() -> None:
    blocks = re.findall(r"\\begin\{tabular\}\{(l?r*)\}(.*?)\\end\{tabular\}", TABLE.latex(), re.S)
    assert [kinds for kinds, _ in blocks] == ["lr", "lrr"]
    for kinds, body in blocks:
        rows = [line for line in body.splitlines() if line.endswith(r"\\")]
        assert rows
        assert all(len(re.findall(r"(?<!\\)&", row)) == len(kinds) - 1 for row in rows)


def test_what_is_opened_is_closed_and_nothing_but_ascii_and_letters_is_left() -> None:
    text = TABLE.latex()
    assert re.findall(r"\\begin\{(\w+)", text) == ["table", "tabular", "tabular"]
    assert text.count(r"\begin") == text.count(r"\end")
    assert text.count("{") - text.count(r"\{") == text.count("}") - text.count(r"\}")
    assert all(sign.isascii() or sign.isalpha() for sign in text)
    assert r"\label{tab:early_exit}" in text


def test_markdown_says_the_same() -> None:
    assert TABLE.markdown().splitlines()[:4] == [
        "| setting | steps |",
        "| --- | ---: |",
        "| clip-score:1 | 9 ± 1 |",
        "| 50 % | −2 |",
    ]
    assert TABLE.markdown().endswith(TABLE.caption)
