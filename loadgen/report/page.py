"""One page that holds it all and needs nothing but itself."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem;
       color: #1a1a1a; background: #fff }
table { border-collapse: collapse; font-size: .9rem; display: block; overflow-x: auto }
th, td { padding: .25rem .75rem; text-align: right; border-bottom: 1px solid #ddd }
tbody th { text-align: left; font-weight: normal }
svg { max-width: 100%; height: auto }
figcaption, footer { color: #555; font-size: .9rem }
"""


def page(table: str, plots: Sequence[tuple[Path, str]], sources: Sequence[str]) -> str:
    """The HTML of a report: a table, SVG files with their captions, and the records' names."""
    figures = "".join(_figure(path, caption) for path, caption in plots)
    told = ", ".join(escape(source) for source in sources)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Load report</title>'
        f"<style>{STYLE}</style></head><body><h1>Load report</h1>{table}"
        "<p>In brackets: 95 % intervals by the bootstrap. Requests that were refused, failed or "
        "not finished count as missed, and have no response time.</p>"
        f"{figures}<footer>From the records {told}.</footer></body></html>\n"
    )


def _figure(path: Path, caption: str) -> str:
    svg = path.read_text()
    return f"<figure>{svg[svg.index('<svg') :]}<figcaption>{escape(caption)}</figcaption></figure>"
