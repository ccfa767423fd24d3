"""The book as a file: everything inside it, nothing executed that a model wrote."""

import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image

from services.contract.story import Page, Story
from worker.bind import bind, data_uri


def _picture(colour: str, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), colour).save(file, kind)
    return file.getvalue()


def _story(*texts: str, title: str = "The Fox") -> Story:
    pages = (Page(number=n, text=t, illustration=f"a fox {n}") for n, t in enumerate(texts, 1))
    return Story(title=title, pages=tuple(pages))


class _Reader(HTMLParser):
    """Collects the pictures, the words in paragraphs, and every address the page refers to."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.images: list[dict[str, str | None]] = []
        self.addresses: list[str] = []
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag == "img":
            self.images.append(dict(attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_book_holds_its_pictures_and_refers_to_nothing_else() -> None:
    pictures = [_picture("red"), _picture("blue", "JPEG"), _picture("green", "WEBP")]
    html = bind(_story("One day.", "Two days.", "Three days."), pictures, {"Seed": "7"})
    read = _Reader(html)
    assert [image["src"] for image in read.images] == [
        data_uri(picture) for picture in (pictures[0], *pictures)
    ]
    assert [image["alt"] for image in read.images] == ["", "a fox 1", "a fox 2", "a fox 3"]
    assert all(address.startswith("data:image/") for address in read.addresses)
    assert not re.search(r"https?://|@import|url\(", html)


def test_what_a_model_writes_is_text_and_never_markup() -> None:
    nasty = '<script>alert("x")</script> & "quotes" {{ 7 * 7 }}.'
    read = _Reader(bind(_story(nasty, title=nasty), [None], {nasty: nasty}))
    assert read.tags.count("script") == 1
    assert read.text.count(nasty) == 5


def test_a_page_without_a_picture_is_bound_too() -> None:
    read = _Reader(bind(_story("One day.", "Two days."), [None, _picture("red")]))
    assert [image["alt"] for image in read.images] == ["", "a fox 2"]
    assert "One day." in read.text


def test_the_colophon_leaves_out_what_is_not_known() -> None:
    html = bind(_story("One day."), [None], {"Drawn at level": "", "Seed": "7"})
    assert "Drawn at level" not in html
    assert "<dt>Seed</dt><dd>7</dd>" in html
    assert "How this book was made" not in bind(_story("One day."), [None])


def test_every_page_wants_a_picture_or_none() -> None:
    with pytest.raises(ValueError, match="2 pages want as many pictures, not 1"):
        bind(_story("One day.", "Two days."), [None])


def test_only_pictures_are_bound() -> None:
    with pytest.raises(ValueError, match="neither PNG"):
        data_uri(b"<svg onload=alert(1)>")
