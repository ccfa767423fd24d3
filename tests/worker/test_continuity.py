"""What a picture that goes on from another is told of it."""

import pytest

from services.contract.story import Page
from tests.conftest import ROOT
from worker.continuity import relit, with_caption, with_light
from worker.language.scene import load_vocabulary

VOCABULARY = load_vocabulary(ROOT / "models" / "vocabulary.json")


def page(illustration: str, text: str = "The fox ran on.") -> Page:
    """A page with this picture."""
    return Page(number=2, text=text, illustration=illustration)


def test_the_previous_caption_follows_the_own() -> None:
    assert with_caption(page("a fox runs"), page("a red fox")) == "a fox runs, a red fox"


def test_a_caption_is_not_said_twice() -> None:
    assert with_caption(page("a red fox"), page("a red fox")) == "a red fox"


@pytest.mark.parametrize(
    ("own", "text", "previous", "kept"),
    [
        ("a fox in the snow", "It ran.", "an owl in the forest at night under the moon",
         " at night under the moon"),
        ("a fox in the snow", "It ran.", "an owl in the forest", ""),
        ("a fox in the snow at sunset", "It ran.", "an owl in the forest at night", ""),
        ("a fox in the snow", "It ran in the morning.", "an owl in the forest at night", ""),
        ("a fox in the snow at night", "It ran.", "an owl at night under a star", " under a star"),
        ("a fox in the snow under the sun", "It ran.", "an owl at night under a star", ""),
        ("a fox in the snow under a cloud", "It ran.", "an owl at night under a star", " at night"),
        ("a fox in a room", "It ran.", "an owl in the forest at night", ""),
    ],
    ids=["light", "no-light", "other-time", "morning", "same-time", "contrary-sky", "other-sky",
         "indoors"],
)  # fmt: skip
def test_the_light_holds_until_a_page_names_another(
    own: str, text: str, previous: str, kept: str
) -> None:
    assert with_light(page(own, text), previous, VOCABULARY) == own + kept


@pytest.mark.parametrize(
    ("prompt", "previous", "differs"),
    [
        ("a fox in the snow", "an owl at night", True),
        ("a fox in the snow at night", "an owl", True),
        ("a fox at sunset", "an owl at night", True),
        ("a fox at night under the moon", "an owl at night", False),
        ("a fox in the snow", "an owl by day", False),
    ],
)
def test_two_prompts_differ_in_the_time_of_day(prompt: str, previous: str, differs: bool) -> None:
    assert relit(prompt, previous, VOCABULARY) is differs
