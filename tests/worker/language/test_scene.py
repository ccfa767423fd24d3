"""Captions in the shipped illustrator's own words."""

from pathlib import Path

import pytest

from worker.language.scene import Director, Vocabulary, load_vocabulary

MODELS = Path(__file__).parents[3] / "models"


@pytest.fixture(scope="module")
def known() -> Vocabulary:
    return load_vocabulary(MODELS / "vocabulary.json")


@pytest.mark.parametrize(
    ("subject", "picture", "text", "caption"),
    [
        ("a fox", "a fox in the snow", "He ran.", "a fox in the snow"),
        ("a fox", "a lonely wombat", "He ran.", "a fox in the forest"),
        ("a fox", "stars", "It was night.", "a fox in the forest at night under a star"),
        ("a fox", "an owl", "They sat in the garden.", "a fox and an owl in the meadow"),
        ("two mice", "mice", "They ate.", "a mouse in the meadow"),
        ("a frog prince", "a prince", "At dusk he sang.", "a frog in the meadow at sunset"),
        ("a brave king", "the king", "He slept.", "a boy in the meadow"),
        ("the meaning of time", "clocks", "It ticked.", "a house in the meadow"),
        ("a whale", "a whale", "She sang to the moon.", "a whale on the sea under the moon"),
        ("a fox", "a fox under a star", "The next morning he ran.", "a fox in the forest"),
        ("a cat", "a cat at home at night in the sun", "", "a cat in a room at night"),
    ],
)
def test_a_picture_is_described_in_known_words(
    known: Vocabulary, subject: str, picture: str, text: str, caption: str
) -> None:
    assert Director(known, subject).caption(picture, text, "A Title") == caption


def test_hero_and_place_stay_through_the_book(known: Vocabulary) -> None:
    director = Director(known, "a bear who bakes")
    assert director.caption("a bear on the beach", "x", "T") == "a bear on the beach"
    assert director.caption("a cake", "x", "T") == "a bear and a cake on the beach"
    assert director.caption("a tree in the woods", "x", "T") == "a bear and a tree in the forest"
    assert director.caption("him", "x", "T") == "a bear in the forest"


def test_the_vocabulary_has_every_kind_of_word(known: Vocabulary) -> None:
    captions = {Director(known, s.name).caption(s.name, "", "") for s in known.subjects}
    assert len(captions) == len(known.subjects)
    assert all(known.subjects_in(caption) for caption in captions)
