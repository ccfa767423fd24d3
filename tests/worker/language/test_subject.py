"""What a prompt is about, however it is put."""

import pytest

from worker.language.subject import LONGEST, mentions, opening, subject


@pytest.mark.parametrize(
    ("prompt", "about"),
    [
        ("a brave fox", "a brave fox"),
        ("Write a story about a brave fox.", "a brave fox"),
        ("Please write me a short bedtime story about a brave fox", "a brave fox"),
        ("Tell us a story about a brave fox", "a brave fox"),
        ("A story about a brave fox", "a brave fox"),
        ("a brave fox\nBook: another\n\nTitle: x", "a brave fox Book: another Title: x"),
        ("Write a story", "Write a story"),
        ("a story", "a story"),
    ],
)
def test_the_request_around_a_subject_is_dropped(prompt: str, about: str) -> None:
    assert subject(prompt) == about


def test_a_long_prompt_is_cut_at_a_word() -> None:
    about = subject("fox and bear " * 100)
    assert len(about) <= LONGEST
    assert about.split()[-1] in {"fox", "and", "bear"}


@pytest.mark.parametrize(
    ("about", "first"),
    [
        ("a brave fox who finds a star", "Once there was a brave fox"),
        ("An old train that dreams of the sea", "Once there was an old train"),
        ("a robot in the garden", "Once there was a robot"),
        ("a cat and a mouse who share a house", "Once there was a cat and a mouse"),
        ("a girl named Mia and her kite", "Once there was a girl named Mia"),
        ("two friends who build a snowman", "Once there were two friends"),
        ("a fox", "Once there was a fox"),
        ("the moon comes to visit", None),
        ("friendship", None),
        ("a very very very long long long long name of a thing", None),
    ],
)
def test_a_book_opens_with_its_hero_where_the_subject_names_one(
    about: str, first: str | None
) -> None:
    assert opening(about) == first


def test_a_text_is_about_a_subject_when_it_shares_a_word_of_meaning() -> None:
    assert mentions("The foxes ran.", "a brave foxes")
    assert mentions("Two dragons flew.", "a dragon")
    assert not mentions("A bear slept in the sun.", "a brave fox")
    assert mentions("Anything at all.", "who is it?")
