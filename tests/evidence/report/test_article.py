"""Templates that can say neither nothing nor a number that nobody formatted."""

from pathlib import Path

import jinja2
import pytest

from evidence.report import article
from evidence.report.article import Unsaid


def rendered(folder: Path, text: str, **context: object) -> str:
    """A body of one chapter."""
    (folder / "00-only.md.j2").write_text(text)
    (folder / "abstract.md.j2").write_text("")
    return article.render(context, folder)[1]


@pytest.mark.parametrize("value", [None, 0.5, float("nan"), True])
def test_what_nobody_formatted_is_an_error(tmp_path: Path, value: object) -> None:
    with pytest.raises(Unsaid):
        rendered(tmp_path, "{{ value }}", value=value)


def test_a_name_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError):
        rendered(tmp_path, "{{ value.nothing }}", value={})


def test_special_characters_read_as_they_are_written(tmp_path: Path) -> None:
    said = rendered(tmp_path, "{{ value }}", value="a_b*c|d [e] $f$ #g <h>")
    assert said == r"a\_b\*c\|d \[e\] \$f\$ \#g \<h\>"


def test_figures_and_tables_are_counted_apart(tmp_path: Path) -> None:
    body = "See @tbl:b and @fig:c.\n\n: A {#tbl:a}\n\n: B {#tbl:b}\n\n![C](c){{ '{' }}#fig:c}"
    said = rendered(tmp_path, "{% raw %}" + body.replace("{{ '{' }}", "{") + "{% endraw %}")
    assert said.startswith("See [Table 2](#tbl:b) and [Figure 1](#fig:c).")


def test_a_figure_that_is_not_there_cannot_be_spoken_of(tmp_path: Path) -> None:
    with pytest.raises(Unsaid, match="fig:gone"):
        rendered(tmp_path, "See @fig:gone.")


def test_long_commands_are_broken_where_a_shell_goes_on() -> None:
    line = "python -m loadgen sweep " + " ".join(f"--option-{i} value" for i in range(12))
    blocks = str(article.typed(line)).splitlines()
    assert len(blocks) > 1
    assert all(each.endswith(" \\") for each in blocks[:-1])
    assert " ".join(each.removesuffix(" \\").strip() for each in blocks) == line


def test_an_option_stays_with_its_value_where_both_fit_a_line() -> None:
    loops = "ddim-25:1:8,ddim-25:4:22,ddim-3:1:30,ddim-3:4:96"
    line = f"python -m loadgen sweep --url {'u' * 60} --reference {loops} --duration 50"
    blocks = [each.strip() for each in str(article.typed(line)).splitlines()]
    assert blocks[1].startswith(f"--reference {loops}")
    wide = str(article.typed(f"python -m loadgen sweep --policies {'p' * 100} --repeats 1"))
    assert [each.split()[0] for each in wide.splitlines()] == ["python", "p" * 100, "--repeats"]


def test_words_are_listed() -> None:
    assert article.listed(["a"]) == "a"
    assert article.listed(["a", "b", "c"]) == "a, b and c"
    assert article.counted(1, "policy", "policies") == "1 policy"
    assert article.counted(2, "policy", "policies") == "2 policies"
