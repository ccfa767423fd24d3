"""What a level may say, and what is said of one that makes no sense."""

import pytest
from pydantic import ValidationError

from services.contract.ladder import EarlyExit, ImageLevel, StorybookLevel, StoryLevel

IMAGE = {"sampler": "ddim", "steps": 8, "guidance_scale": 3.0}


def test_a_level_that_says_little_gets_the_plain_way() -> None:
    level = ImageLevel(**IMAGE)
    assert (level.precision, level.early_exit, level.guidance_interval) == ("auto", None, None)
    assert (level.eta, level.retime) == (0.0, True)
    assert StorybookLevel().strategy == "pipelined"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"sampler": "heun"}, "'ddpm', 'ddim', 'dpmpp-2m' or 'euler'"),
        ({"steps": 0}, "greater than or equal to 1"),
        ({"steps": 1001}, "less than or equal to 1000"),
        ({"precision": "int4"}, "'auto', 'fp32', 'bf16', 'fp16', 'int8' or 'nf4'"),
        ({"sampler": "ddpm", "eta": 0.5}, "eta belongs to the sampler ddim"),
        ({"eta": 1.5}, "less than or equal to 1"),
        ({"guidance_interval": (3.0, 0.2)}, "the lower one first"),
        ({"guidance_interval": (-1.0, 2.0)}, "the lower one first"),
        ({"guidance_interval": (0.2, float("inf"))}, "finite"),
        ({"early_exit": {"by": "fid", "threshold": 1}}, "'relative-change'"),
        ({"early_exit": {"by": "relative-change", "threshold": 0}}, "greater than 0"),
        ({"guidance": 3.0}, "guidance"),
    ],
)
def test_a_level_that_makes_no_sense_is_refused_with_what_is_allowed(
    change: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValidationError, match=complaint):
        ImageLevel(**{**IMAGE, **change})


def test_a_picture_takes_two_steps_before_anything_can_be_compared() -> None:
    with pytest.raises(ValidationError, match="minimum_steps"):
        EarlyExit(by="relative-change", threshold=0.1, minimum_steps=1)


@pytest.mark.parametrize("change", [{"precision": "int4"}, {"page_sentences": 0}])
def test_a_story_level_is_held_to_the_same(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match=next(iter(change))):
        StoryLevel(max_tokens=99, **change)


def test_settings_are_told_apart_by_what_they_ask_and_by_nothing_else():
    first, same, other = (ImageLevel(**IMAGE | {"steps": steps}) for steps in (10, 10, 11))
    assert first.digest == same.digest != other.digest
