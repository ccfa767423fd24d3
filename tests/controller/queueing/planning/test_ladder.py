"""Which measured levels are worth a place."""

import re

import pytest
from numpy.random import default_rng

from controller.queueing.planning.ladder import candidates, fastest, frontier, ladders
from controller.queueing.planning.plan import plan
from controller.queueing.refusal import BadInput, Unstable
from tests.controller.queueing.planning.situations import ENGINE, about, profile, request, rung

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


UNLIKE = {"calm": (1.0, 0.3), "hectic": (0.9, 0.3)}
SHARES = {"calm": 0.1, "hectic": 0.9}
"""Of their seconds: four together take 1.3 s at one level and 3.33 s at the other."""


def test_a_level_that_is_slower_alone_stays_where_it_does_more_in_company():
    known = candidates(profile(UNLIKE, ENGINE, SHARES), "images")

    assert {each.name for each in frontier(known).kept} == {"calm", "hectic"}
    assert fastest(known).name == "calm"


@pytest.mark.parametrize(
    ("law", "shares", "reason"),
    [
        (None, SHARES, "dominated by hectic: 1 s for 0.3, against 0.9 s"),
        (ENGINE, {}, r"dominated by hectic: 1 s \(2.5 s with 4\) for 0.3, against 0.9 s"),
    ],
)
def test_one_at_a_time_or_as_crowded_the_seconds_alone_decide(law, shares, reason):
    known = candidates(profile(UNLIKE, law, shares), "images")
    [left_out] = frontier(known).left_out

    assert re.match(reason, left_out.reason)
    assert fastest(known).name == "hectic"


@pytest.mark.parametrize("seed", range(5))
def test_what_is_left_out_is_beaten_in_any_company_and_what_stays_is_not(seed):
    """Every number of jobs together is looked at, where the rule looks at two."""
    chance = default_rng(seed)
    names = [f"level-{i}" for i in range(12)]
    rungs = {name: tuple(chance.uniform(0.1, 1.0, 2)) for name in names}
    shares = dict(zip(names, chance.uniform(0.0, 1.0, 12), strict=True))
    known = candidates(profile(rungs, ENGINE, shares), "images")

    def beaten(one):
        return any(
            other.quality.value >= one.quality.value
            and all(
                other.pace.seconds * other.law.slowdown(b) <= one.pace.seconds * one.law.slowdown(b)
                for b in range(1, ENGINE.cap + 1)
            )
            for other in known
            if other is not one
        )

    kept = {each.name for each in frontier(known).kept}
    assert kept == {each.name for each in known if not beaten(each)}
    assert 0 < len(kept) < len(known)


def test_a_refusal_names_the_rate_that_the_fastest_level_keeps_up_with():
    """Four jobs in 1.3 s, a little under it."""
    with pytest.raises(Unstable) as refused:
        plan(request(rate=9.0, profile=profile(UNLIKE, ENGINE, SHARES)))
    assert refused.value.stable_rate == pytest.approx(0.995 * 4 / 1.3)


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
