"""From Markdown to LaTeX and to a page, by pandoc."""

import re
from dataclasses import dataclass
from pathlib import Path

import pypandoc

HERE = Path(__file__).parent
FORMAT = "markdown-smart+table_attributes"
WIDE = 10_000
"""Columns of the source beyond which pandoc would give a table relative widths."""


SHORT = 32
"""Rows up to which a table is not broken over pages, unless its cells have several lines."""
WRAPPED = r"\real{"
ROW = " \\\\\n"
_TABLE = re.compile(r"\\begin\{longtable\}.*?\\end\{longtable\}", re.DOTALL)


@dataclass(frozen=True)
class Text:
    """An article in Markdown."""

    title: str
    date: str
    abstract: str
    body: str

    @property
    def markdown(self) -> str:
        """With its head."""
        abstract = "\n".join(f"  {line}" for line in self.abstract.splitlines())
        head = f'title: "{self.title}"\ndate: "{self.date}"\nabstract: |\n{abstract}'
        return f"---\n{head}\n---\n\n{self.body}\n"


def latex(text: Text) -> str:
    """A whole document, whose figures are PDF."""
    found = _converted(text, "latex", "article.tex", "pdf")
    return _TABLE.sub(lambda table: _whole(table[0]), found)


def _whole(table: str) -> str:
    """Short tables stay on one page: `\\\\*` ends a row after which no page ends."""
    if table.count(ROW) > SHORT or WRAPPED in table:
        return table
    return table.replace(ROW, " \\\\*\n")


def page(text: Text) -> str:
    """A whole page, whose figures are SVG and whose formulas are MathML."""
    found = _converted(text, "html5", "page.html", "svg", "--mathml", "--toc", "--toc-depth=1")
    opened = found.replace("<table", '<div class="table"><table')
    return opened.replace("</table>", "</table></div>")


def _converted(text: Text, to: str, template: str, images: str, *options: str) -> str:
    arguments = [
        "--standalone",
        f"--template={HERE / 'templates' / template}",
        f"--lua-filter={HERE / 'widths.lua'}",
        f"--default-image-extension={images}",
        f"--columns={WIDE}",
        "--wrap=preserve",
        *options,
    ]
    return pypandoc.convert_text(text.markdown, to, format=FORMAT, extra_args=arguments)
