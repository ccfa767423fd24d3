"""What holds for every ladder, every load and every history, under rules of every kind."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.decide import Standing, decide
from tests.controller.histories import (
    DEPTHS,
    KINDS,
    STEADY,
    STEPS,
    Case,
    cases,
    history,
    ladders,
    positions,
)
from tests.controller.situations import NAMES, NOW, load, pin, state

MOVING = tuple(kind for kind in KINDS if kind != "fixed")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_and_leaves_the_best_level(kind):
    """Else what follows would hold of nothing."""

    @STEADY
    @given(cases([kind]))
    def drawn(case):
        seen.add(case.index(60, case.standing()))

    seen: set[int] = set()
    drawn()
    assert len(seen) > 1


@STEADY
@given(positions(), DEPTHS, DEPTHS)
def test_more_jobs_never_mean_a_better_level(position, fewer, more):
    (case, index), (fewer, more) = position, sorted((fewer, more))
    standing = case.standing(index)
    assert case.index(fewer, standing) <= case.index(more, standing)


@STEADY
@given(positions(), DEPTHS, st.floats(0, 1e4))
def test_the_level_is_always_one_of_the_ladder(position, depth, oldest):
    case, index = position
    patient = case.with_rules(patience_seconds=50.0)
    assert 0 <= patient.index(depth, case.standing(index), oldest) <= case.last


@STEADY
@given(cases(), DEPTHS)
def test_a_level_of_a_longer_ladder_does_not_leave_this_one(case, depth):
    longer = state(case.policy, case.last).model_copy(update={"index": case.last + 3})
    decided = decide(load(depth), Standing(longer, None, case.forecast), case.policy, NOW)
    assert decided.index == case.index(depth, case.standing())


@STEADY
@given(positions(), DEPTHS, st.sampled_from(NAMES), st.floats(0, 1e4))
def test_a_pin_of_a_level_that_there_is_wins(position, depth, name, oldest):
    case, index = position
    case = case.with_rules(patience_seconds=50.0)
    pinned = case.index(depth, case.standing(index, pin=pin(name), since=NOW), oldest)
    without = case.index(depth, case.standing(index, since=NOW), oldest)
    names = case.policy.names
    assert pinned == (names.index(name) if name in names else without)


@STEADY
@given(positions(), DEPTHS, st.floats(50.001, 1e6))
def test_impatience_lowers_by_one_level_at_most_and_never_lifts(position, depth, oldest):
    case, index = position
    case = case.with_rules(patience_seconds=50.0)
    standing = case.standing(index)
    calm, impatient = (case.index(depth, standing, age) for age in (50.0, oldest))
    assert calm <= impatient <= calm + 1
    again = case.index(depth, case.standing(impatient), oldest)
    assert again <= max(impatient, calm + 1)


@STEADY
@given(cases(), STEPS)
def test_no_two_changes_within_the_dwell(case, steps):
    seen = history(case, steps)
    changes = [now for (_, before), (now, after) in pairwise(seen) if before != after]
    dwell = case.policy.rules.dwell_seconds
    assert all(later - earlier >= dwell for earlier, later in pairwise(changes))


@STEADY
@given(cases(), STEPS, DEPTHS)
def test_a_steady_load_settles_without_turning_back(case, before, depth):
    dwell = case.policy.rules.dwell_seconds + 1.0
    rungs = [(dwell, depth)] * (len(case.policy.levels) + 2)
    path = [index for _, index in history(case, [*before, *rungs])][len(before) :]

    assert path in (sorted(path), sorted(path, reverse=True))
    assert path[-1] == path[-2]


@STEADY
@given(cases(), st.integers(1, 40))
def test_a_depth_that_trembles_does_not_make_the_level_tremble(case, depth):
    band = case.policy.rules.hysteresis
    tremble = [(20.0, depth + (step % 2) * (band - 1)) for step in range(30)]
    settled = [index for _, index in history(case, tremble)][10:]
    assert len(set(settled)) == 1


@STEADY
@given(cases(MOVING), DEPTHS, st.data())
def test_the_reason_changes_with_the_level_and_only_then(case, depth, data):
    index = data.draw(st.integers(0, case.last))
    decision = decide(load(depth), case.standing(index), case.policy, NOW)
    assert (decision.reason == "before") == (decision.index == index)


@STEADY
@given(cases(["threshold", "slo", "planned"]), DEPTHS, st.data())
def test_the_way_back_is_one_rung(case, depth, data):
    index = data.draw(st.integers(0, case.last))
    assert index - 1 <= case.index(depth, case.standing(index)) <= case.last


@STEADY
@given(ladders(), DEPTHS, st.data())
def test_inside_the_band_nothing_changes(policy, depth, data):
    index, rules = data.draw(st.integers(0, len(policy.levels) - 1)), policy.rules
    above = index == 0 or depth > rules.thresholds[index - 1] - rules.hysteresis
    below = index == len(rules.thresholds) or depth < rules.thresholds[index]

    case = Case(policy)

    assert (case.index(depth, case.standing(index)) == index) == (above and below)
