"""Every way a model's line can be wrong, and what a book prints instead."""

import pytest

from worker.language import wording
from worker.language.wording import Unusable


@pytest.mark.parametrize(
    ("raw", "printed"),
    [
        ("The fox ran home. It was late.", "The fox ran home. It was late."),
        ("  The   fox\tran \u200bhome.  ", "The fox ran home."),
        ("The fox ran home. It was so", "The fox ran home."),
        ("The fox ran home and then he wanted to", "The fox ran home."),
        ("The fox ran all the way home, because it", "The fox ran all the way home."),
        ("**The fox** ran _home_ `now`.", "The fox ran home now."),
        ("the fox ran home.", "The fox ran home."),
        ("The fox ran home !", "The fox ran home!"),
        ("The fox ran home!!!!!! It was late.", "The fox ran home! It was late."),
        ("The fox ran home. Page 3: The bear", "The fox ran home."),
        ("The fox ran home. Book: a bear who", "The fox ran home."),
        ("The fox ran home. Picture 2: a fox", "The fox ran home."),
        ("The fox ran home. https://example.com is good.", "The fox ran home."),
        ("The fox ran home. The fox ran home. The fox ran home.", "The fox ran home."),
        ('"Come to me," said the fox.', '"Come to me," said the fox.'),
        ('The fox said, "Come home now.', "The fox said, Come home now."),
        ("“Come to me, said the fox.", "Come to me, said the fox."),
        ('"Where is it?" asked the fox. "I do', '"Where is it?" asked the fox.'),
        ("Mr. Fox went to see Dr. Bear at home. He", "Mr. Fox went to see Dr. Bear at home."),
        ("The fox ran\x00 home\ufffd\U0001f98a.", "The fox ran home."),
        ("She couldn' t find the fox's ball.", "She couldn't find the fox's ball."),
        (". , The fox ran home.", "The fox ran home."),
        ("Der Fuchs läuft nach Hause. Es", "Der Fuchs läuft nach Hause."),
        ("狐狸跑回家了。天已经黑了。他", "狐狸跑回家了。 天已经黑了。"),
        ("He waited… and waited… Then he slept. I", "He waited… and waited… Then he slept."),
    ],
)
def test_a_page_is_repaired(raw: str, printed: str) -> None:
    assert wording.page_text(raw) == printed


@pytest.mark.parametrize(
    "raw",
    ["", "   ", "...", "\x00\x01", "Page 2:", "The fox", "No.", "?!?!", "****", "a" * 60 + " b c.",
     "Book: The fox ran home."],
)  # fmt: skip
def test_a_page_without_text_is_refused(raw: str) -> None:
    with pytest.raises(Unusable, match="too little text"):
        wording.page_text(raw)


@pytest.mark.parametrize("draft", ["The fox ran home", "It was Mr.", "and then", ""])
def test_no_sentence_ends_where_none_does(draft: str) -> None:
    assert wording.sentences(draft) == []


def test_sentences_end_with_their_closing_quote() -> None:
    text = '"Come!" said she. (It was late.) He came.'
    assert wording.sentences(text) == ['"Come!" said she.', "(It was late.)", "He came."]


@pytest.mark.parametrize(
    ("raw", "printed"),
    [
        (' "The Lost Star." ', "The Lost Star"),
        ("the lost star", "The lost star"),
        ("**The Lost Star**", "The Lost Star"),
        ("Who Is There?", "Who Is There?"),
        ("The Lost Star Page 1: Once", "The Lost Star"),
        ("The star " * 20, ("The star " * 9).strip()),
    ],
)
def test_a_title_is_repaired(raw: str, printed: str) -> None:
    title = wording.title(raw)
    assert title == printed or (len(raw) > 80 and raw.startswith(title) and len(title) <= 80)


@pytest.mark.parametrize("raw", ["", "!!!", "123", '""', "Title:"])
def test_a_title_without_words_is_refused(raw: str) -> None:
    with pytest.raises(Unusable):
        wording.title(raw)


def test_a_caption_loses_its_full_stop() -> None:
    assert wording.caption(' "a fox in the snow." ') == "a fox in the snow"
    with pytest.raises(Unusable):
        wording.caption(" . ")


def test_a_page_that_repeats_another_is_refused() -> None:
    page = "The little fox ran all the way home to his mother."
    with pytest.raises(Unusable, match="repeats"):
        wording.check_page("The little fox ran all the way home again.", [page], "a fox")
    wording.check_page("Then a big bear came out of the woods.", [page], "a fox")


def test_what_is_not_for_children_is_refused_unless_asked_for() -> None:
    with pytest.raises(Unusable, match="not for children"):
        wording.check_page("He found a dead fish there.", [], "a fox")
    wording.check_page("The dead tree was old.", [], "a dead tree that dreams")
