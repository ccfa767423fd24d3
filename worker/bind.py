"""A story and its pictures become one page that needs no other file."""

import base64
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from services.contract.story import Story

TEMPLATES = Path(__file__).parent / "templates"
SIGNATURES = {
    b"\x89PNG": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"RIFF": "image/webp",
}


def bind(
    story: Story, pictures: Sequence[bytes | None], colophon: Mapping[str, str] | None = None
) -> str:
    """storybook.html: cover, a picture and its text for every page, and how the book was made.

    `pictures` are PNG, JPEG or WebP files in the order of the pages, None where there is none;
    raises ValueError when there are not as many as pages. Empty colophon entries are left out.
    """
    if len(pictures) != len(story.pages):
        raise ValueError(f"{len(story.pages)} pages want as many pictures, not {len(pictures)}")
    sources = [data_uri(picture) if picture else None for picture in pictures]
    return _template().render(
        title=story.title,
        pages=list(zip(story.pages, sources, strict=True)),
        cover=next((source for source in sources if source), None),
        colophon={name: value for name, value in (colophon or {}).items() if value},
    )


def data_uri(picture: bytes) -> str:
    """The picture as an address that contains it; raises ValueError for an unknown format."""
    for signature, kind in SIGNATURES.items():
        if picture.startswith(signature):
            return f"data:{kind};base64,{base64.b64encode(picture).decode('ascii')}"
    raise ValueError(f"a picture that is neither PNG, JPEG nor WebP: {picture[:8]!r}")


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("storybook.html")
