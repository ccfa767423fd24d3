"""Which measured levels are worth a place."""

import pytest

from controller.queueing.planning.ladder import candidates, frontier, ladders
from controller.queueing.refusal import BadInput
from tests.controller.queueing.planning.situations import about, profile, rung

CIFAR10 = {
    "ddpm-100": (2.1644, -173.187),
    "ddim-50": (0.9764, -87.575),
    "ddim-20": (0.4182, -94.866),
}
"""Seconds, and FID with its sign turned: "Step smarter, not harder" (course study, 2025), whose
three-level policy had DDPM-100 as its best level."""


def test_the_original_studys_best_level_is_named_and_left_out():
    found = frontier(candidates(profile(CIFAR10), "images"))

    assert [each.name for each in found.kept] == ["ddim-50", "ddim-20"]
    [left_out] = found.left_out
    assert left_out.name == "ddpm-100"
    assert "dominated by ddim-50: 2.164 s for -173.2, against 0.9764 s" in left_out.reason


def test_the_same_in_a_shorter_time_dominates_and_of_twins_one_stays():
    rungs = {"slow": (2.0, 0.3), "twin-b": (1.0, 0.3), "twin-a": (1.0, 0.3)}

    found = frontier(candidates(profile(rungs), "images"))

    assert [each.name for each in found.kept] == ["twin-a"]
    assert {each.name for each in found.left_out} == {"slow", "twin-b"}


def test_a_costlier_level_that_may_be_no_better_is_named_and_kept():
    rungs = {"best": (2.0, 0.301), "good": (1.0, 0.300), "fast": (0.5, 0.2)}

    found = frontier(candidates(profile(rungs), "images"))

    assert len(found.kept) == 3
    assert found.remarks == (
        "best costs 2 times good, and the intervals of their qualities overlap",
    )


def test_every_choice_in_order():
    kept = frontier(candidates(profile(), "images")).kept

    names = [tuple(each.name for each in ladder) for ladder in ladders(kept, 2)]

    assert names == [
        ("best",),
        ("good",),
        ("fast",),
        ("best", "good"),
        ("best", "fast"),
        ("good", "fast"),
    ]


def test_a_pace_has_the_standard_error_of_its_interval():
    [found] = candidates(profile({"only": (2.0, 0.3)}), "images")

    assert found.pace.error == pytest.approx(0.01 / 1.96)
    assert found.quality == about(0.3)


def test_a_profile_without_what_is_needed_is_refused():
    with pytest.raises(BadInput, match="no level measured for stories"):
        candidates(profile(), "stories")
    unjudged = profile().model_copy(update={"rungs": (rung("new", 1.0, None),)})
    with pytest.raises(BadInput, match="no quality for new"):
        candidates(unjudged, "images")
