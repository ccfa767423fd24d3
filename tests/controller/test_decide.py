"""Which level a load gets, and why: every branch."""

import pytest

from controller.decide import Decision, Standing, decide
from services.contract.level import Pin
from tests.controller.situations import NOW, fixed, ladder, level, load, pin, state

LADDER = ladder(6, 12)


def _decide(depth, standing=None, policy=LADDER, now=NOW):
    return decide(load(depth), standing or Standing(), policy, now)


@pytest.mark.parametrize(
    ("depth", "index", "reason"),
    [
        (0, 0, "depth 0 is below 6"),
        (5, 0, "depth 5 is below 6"),
        (6, 1, "depth 6 reached 6"),
        (11, 1, "depth 11 reached 6"),
        (12, 2, "depth 12 reached 12"),
        (999, 2, "depth 999 reached 12"),
    ],
)
def test_the_first_decision_goes_by_the_depth_alone(depth, index, reason):
    assert _decide(depth) == Decision(index, reason)


@pytest.mark.parametrize(
    ("depth", "before", "after", "reason"),
    [
        (5, 0, 0, "before"),
        (6, 0, 1, "depth 6 reached 6"),
        (13, 0, 2, "depth 13 reached 12"),
        (11, 1, 1, "before"),
        (12, 1, 2, "depth 12 reached 12"),
        (5, 1, 1, "before"),
        (4, 1, 0, "depth 4 fell to 4 or less"),
        (0, 1, 0, "depth 0 fell to 4 or less"),
        (11, 2, 2, "before"),
        (10, 2, 1, "depth 10 fell to 10 or less"),
        (0, 2, 1, "depth 0 fell to 4 or less"),
    ],
)
def test_a_burst_drops_at_once_and_the_way_back_is_one_rung(depth, before, after, reason):
    assert _decide(depth, Standing(state(LADDER, before))) == Decision(after, reason)


@pytest.mark.parametrize("depth", [0, 30])
def test_nothing_changes_within_the_dwell(depth):
    standing = Standing(state(LADDER, 1, since=NOW - 1.9))

    assert _decide(depth, standing) == Decision(1, "before")
    assert _decide(depth, standing, now=NOW + 0.1).index != 1


def test_a_lapsed_level_says_nothing_about_the_load():
    standing = Standing(state(LADDER, 2, lease_until=NOW))
    assert _decide(0, standing) == Decision(0, "depth 0 is below 6")


def test_a_level_of_another_ladder_says_nothing_about_the_load():
    assert _decide(0, Standing(state(ladder(3, 6, 9), 3))).index == 0
    assert _decide(7, Standing(state(LADDER, 0, level=level("other")))).index == 1


def test_a_pin_holds_whatever_the_load_and_the_dwell():
    standing = Standing(state(LADDER, 0, since=NOW), pin("fair"))
    assert _decide(0, standing) == Decision(2, "pinned by ada: a demonstration")


def test_a_pin_without_a_name_or_a_reason_reads_well_and_lets_go():
    bare = Pin(level="fair", by="", reason="", until=NOW + 60)
    decision = _decide(0, Standing(None, bare))
    assert decision == Decision(2, "pinned by someone unnamed")
    held = state(LADDER, 2, reason=decision.reason, since=NOW)
    assert _decide(0, Standing(held)) == Decision(0, "depth 0 is below 6")


def test_a_pin_goes_before_a_fixed_policy():
    assert decide(load(0), Standing(None, pin("good")), fixed("fair"), NOW).index == 1


def test_a_pin_of_an_unknown_level_is_none():
    assert _decide(0, Standing(None, pin("gone"))).index == 0


def test_after_a_pin_the_load_decides_at_once():
    pinned = state(LADDER, 2, reason="pinned by ada: a demonstration", since=NOW)
    assert _decide(0, Standing(pinned)) == Decision(0, "depth 0 is below 6")


@pytest.mark.parametrize("depth", [0, 100])
def test_a_fixed_policy_is_fixed(depth):
    policy = fixed("good")
    for standing in (Standing(), Standing(state(policy, 0))):
        assert decide(load(depth), standing, policy, NOW) == Decision(1, "the policy is fixed")


def test_what_is_left_to_do_counts_not_books_that_wait_for_pictures():
    books = load(8).model_copy(update={"waiting": 0, "running": 8, "drawing": 8})
    assert decide(books, Standing(), LADDER, NOW) == Decision(0, "depth 0 is below 6")
    pictures = load(3).model_copy(update={"sisters": 9})
    assert decide(pictures, Standing(), LADDER, NOW) == Decision(2, "depth 12 reached 12")


def test_a_ladder_of_one_level_has_one_answer():
    policy = ladder(hysteresis=1)
    assert decide(load(99), Standing(), policy, NOW) == Decision(0, "there is one level")
    assert decide(load(99), Standing(state(policy, 0)), policy, NOW) == Decision(0, "before")
