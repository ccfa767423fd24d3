"""What a model reads before it writes: example books for a base model, a request for a chat."""

import tomllib
from functools import cache
from pathlib import Path
from random import Random

from worker.language.model import LanguageModel
from worker.language.subject import opening

BOOKS = Path(__file__).parent / "books.toml"

REQUEST = """Write a picture book for small children about: {subject}

It has a title and exactly {pages} page(s). Answer in this form and with nothing else:

Title: the book's title
Page 1: two or three short sentences, on one line
Picture 1: what the picture of this page shows, in a few plain words: who, where, the light
Page 2: ...
Picture 2: ...

Go on to page {pages}, where the story ends well. Name every figure by what it is in each
picture, for example "a small red fox in a forest at night"."""

LATER = (
    "One day,",
    "The next morning,",
    "Then,",
    "Just then,",
    "But soon",
    "After that,",
    "In the afternoon,",
    "That evening,",
    "A little later,",
    "All at once,",
)
LAST = ("At last,", "From that day on,", "In the end,")


@cache
def _books() -> tuple[dict, ...]:
    return tuple(tomllib.loads(BOOKS.read_text(encoding="utf-8"))["book"])


def example_pages() -> list[str]:
    """The page texts of the example books."""
    return [text for book in _books() for text, _ in book["pages"]]


def example_titles() -> frozenset[str]:
    """The titles of the example books, lower case."""
    return frozenset(book["title"].lower() for book in _books())


def _shown(book: dict) -> str:
    lines = [f"Book: {book['prompt']}", f"Title: {book['title']}"]
    for number, (text, picture) in enumerate(book["pages"], start=1):
        lines += [f"Page {number}: {text}", f"Picture {number}: {picture}"]
    return "\n".join(lines)


def examples() -> str:
    """The example books, which a base model reads before every story."""
    return "".join(f"{_shown(book)}\n\n" for book in _books())


def request(model: LanguageModel, subject: str, pages: int) -> str:
    """What asks for this story, up to "Title:"."""
    if not model.chats:
        return f"Book: {subject}\n"
    # Models that think aloud first take this switch; the others' templates ignore it.
    return model.tokenizer.apply_chat_template(
        [{"role": "user", "content": REQUEST.format(subject=subject, pages=pages)}],
        tokenize=False,
        add_generation_prompt=True,
        enable_thinking=False,
    )


def openings(subject: str, pages: int, seed: int) -> list[str]:
    """First words for each page, which keep a small model's story moving to its end."""
    rng = Random(seed)
    first = opening(subject) or "Once there was"
    later = [words for _ in range(pages) for words in rng.sample(LATER, len(LATER))]
    last = [rng.choice(LAST)] if pages > 1 else []
    return [first, *later[: pages - 1 - len(last)], *last]
