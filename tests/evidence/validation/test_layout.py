"""Tables in two languages."""

from evidence.validation.layout import Table, escaped

TABLE = Table("results", "50 % of a_b.", ("run", "why", "ρ"), (("a|b & c", "late", "0.5"),), 2)


def test_markdown_has_texts_on_the_left_and_bars_in_cells_are_escaped():
    lines = TABLE.markdown().splitlines()

    assert lines[:3] == ["| run | why | ρ |", "| --- | --- | ---: |", r"| a\|b & c | late | 0.5 |"]
    assert lines[-1] == "50 % of a_b."


def test_latex_has_one_label_and_breaks_sentences():
    text = TABLE.latex()

    assert r"\label{tab:results}" in text
    assert r"\begin{tabular}{lp{0.34\textwidth}r}" in text
    assert r"run & why & $\rho$ \\" in text
    assert r"a|b \& c & late & 0.5 \\" in text
    assert r"50 \% of a\_b." in text


def test_a_backslash_is_one():
    assert escaped(r"\x^2") == r"\textbackslash{}x\textasciicircum{}2"
