"""The chapters with a study's figures in them: one Markdown text for LaTeX and for the page.

What a template says in braces is escaped unless a filter made it Markdown. A bare float, nothing
at all, and a name that is not there are errors, so that no `nan`, `None` or stray digits appear.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2

from evidence.report import numbers

CHAPTERS = Path(__file__).parent / "chapters"
ABSTRACT = "abstract.md.j2"
ENDING = ".md.j2"
_SPECIAL = re.compile(r"([\\`*_{}\[\]<>#|$~^@\"'])")
_LABEL = re.compile(r"\{#(fig|tbl):([\w-]+)")
_REFERENCE = re.compile(r"@(fig|tbl):([\w-]+)")
_OPTION = re.compile(r" (?=--)")
KINDS = {"fig": "Figure", "tbl": "Table"}


class Unsaid(ValueError):
    """A chapter would say nothing, or a number nobody formatted."""


class Markdown(str):
    """Text that is Markdown already."""

    __slots__ = ()


def escaped(text: str) -> Markdown:
    """So that it reads as it is written."""
    return Markdown(_SPECIAL.sub(r"\\\1", text))


def code(text: str) -> Markdown:
    """As something to type."""
    return Markdown(f"`` {text} ``" if "`" in text else f"`{text}`")


def listed(words: Sequence[str]) -> str:
    """`a, b and c`."""
    *most, last = words
    return f"{', '.join(most)} and {last}" if most else last


def counted(number: int, one: str, more: str = "") -> str:
    """`1 run`, `2 runs`; `more` where it is not `one` with an s."""
    return f"{number} {one}" if number == 1 else f"{number} {more or f'{one}s'}"


def typed(line: str, width: int = 104) -> Markdown:
    """A command line as a block, broken before options so that it fits a page: an option stays with
    its value where there is room for both."""
    lines = [""]
    for part in _OPTION.split(line):
        for words in [part] if len(part) + 2 <= width else part.split(" "):
            if lines[-1] and len(lines[-1]) + 1 + len(words) > width:
                lines.append(f"  {words}")
            else:
                lines[-1] += f" {words}" if lines[-1] else words
    return Markdown(" \\\n".join(f"    {each}" for each in lines))


def said(value: Any) -> str:
    """What appears for an expression. Raises Unsaid."""
    if isinstance(value, Markdown | jinja2.Undefined):
        return str(value)
    if isinstance(value, bool | float) or value is None:
        raise Unsaid(f"{value!r} is in a chapter: a filter must say how it reads")
    return escaped(str(value))


def environment(folder: Path = CHAPTERS) -> jinja2.Environment:
    """Strict: what is not defined is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=said,
        autoescape=False,
    )
    made.filters.update(numbers.FILTERS)
    made.filters.update({"code": code, "typed": typed, "listed": listed, "markdown": Markdown})
    made.globals["counted"] = counted
    return made


def chapters(folder: Path = CHAPTERS) -> list[str]:
    """The templates in the order of their numbers."""
    found = sorted(path.name for path in folder.glob(f"*{ENDING}"))
    return [name for name in found if name[0].isdigit()]


def render(context: Mapping[str, Any], folder: Path = CHAPTERS) -> tuple[str, str]:
    """Abstract and body, in Markdown. Raises Unsaid or jinja2.TemplateError."""
    made = environment(folder)
    body = "\n\n".join(made.get_template(name).render(context) for name in chapters(folder))
    abstract = made.get_template(ABSTRACT).render(context)
    refer = _referring(body)
    return refer(abstract), refer(body)


def _referring(body: str) -> Callable[[str], str]:
    """Puts the number of each figure and table where it is spoken of."""
    order: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind, name in _LABEL.findall(body):
        order[kind].append(name)

    def number(found: re.Match[str]) -> str:
        kind, name = found.groups()
        if name not in order[kind]:
            raise Unsaid(f"a chapter speaks of {found[0]}, which is not there")
        return f"[{KINDS[kind]} {order[kind].index(name) + 1}](#{kind}:{name})"

    return lambda text: _REFERENCE.sub(number, text)
