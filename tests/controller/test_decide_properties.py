"""What holds for every ladder, load and history, under rules of each kind, with patience or not."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.decide import Standing, decide
from services.contract.forecast import response
from tests.controller.histories import (
    AGES,
    DEPTHS,
    KINDS,
    PATIENCE,
    STEADY,
    STEPS,
    by_depth,
    by_prediction,
    cases,
    history,
    ladders,
    positions,
)
from tests.controller.situations import NAMES, NOW, load, pin, state

each_kind = pytest.mark.parametrize("kind", KINDS)
each_moving_kind = pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "fixed"])
DATA = st.data()


@each_kind
def test_every_kind_is_drawn_and_leaves_the_best_level(kind):
    """Else what follows would hold of nothing."""

    @STEADY
    @given(cases(kind))
    def drawn(case):
        seen.add(case.index(60, case.standing()))

    seen: set[int] = set()
    drawn()
    assert len(seen) > 1


@each_kind
@STEADY
@given(DATA, DEPTHS, DEPTHS, AGES)
def test_more_jobs_never_mean_a_better_level(kind, data, fewer, more, oldest):
    (case, index), (fewer, more) = data.draw(positions(kind)), sorted((fewer, more))
    standing = case.standing(index)
    assert case.index(fewer, standing, oldest) <= case.index(more, standing, oldest)


@each_kind
@STEADY
@given(DATA, DEPTHS, AGES, AGES)
def test_a_longer_wait_never_means_a_better_level(kind, data, depth, shorter, longer):
    (case, index), (shorter, longer) = data.draw(positions(kind)), sorted((shorter, longer))
    standing = case.standing(index)
    assert case.index(depth, standing, shorter) <= case.index(depth, standing, longer)


@each_kind
@STEADY
@given(DATA, DEPTHS, AGES)
def test_the_level_is_always_one_of_the_ladder(kind, data, depth, oldest):
    case, index = data.draw(positions(kind))
    assert 0 <= case.index(depth, case.standing(index), oldest) <= case.last


@each_kind
@STEADY
@given(DATA, DEPTHS)
def test_a_level_of_a_longer_ladder_does_not_leave_this_one(kind, data, depth):
    case = data.draw(cases(kind))
    longer = state(case.policy, case.last).model_copy(update={"index": case.last + 3})
    decided = decide(load(depth), Standing(longer, None, case.forecast), case.policy, NOW)
    assert decided.index == case.index(depth, case.standing())


@each_kind
@STEADY
@given(DATA, DEPTHS, st.sampled_from(NAMES), AGES)
def test_a_pin_of_a_level_that_there_is_wins(kind, data, depth, name, oldest):
    case, index = data.draw(positions(kind))
    pinned = case.index(depth, case.standing(index, pin=pin(name), since=NOW), oldest)
    without = case.index(depth, case.standing(index, since=NOW), oldest)
    names = case.policy.names
    assert pinned == (names.index(name) if name in names else without)


@each_kind
@STEADY
@given(DATA, DEPTHS, st.floats(PATIENCE + 0.001, 1e6))
def test_impatience_lowers_by_one_level_at_most_and_never_lifts(kind, data, depth, oldest):
    case, index = data.draw(positions(kind))
    case = case.with_rules(patience_seconds=PATIENCE)
    standing = case.standing(index)
    calm, impatient = (case.index(depth, standing, age) for age in (PATIENCE, oldest))
    assert calm <= impatient <= calm + 1
    again = case.index(depth, case.standing(impatient), oldest)
    assert again <= max(impatient, calm + 1)


@each_kind
@STEADY
@given(DATA, STEPS)
def test_no_two_changes_within_the_dwell(kind, data, steps):
    case = data.draw(cases(kind))
    seen = history(case, steps)
    changes = [now for (_, before), (now, after) in pairwise(seen) if before != after]
    dwell = case.policy.rules.dwell_seconds
    assert all(later - earlier >= dwell for earlier, later in pairwise(changes))


@each_kind
@STEADY
@given(DATA, STEPS, DEPTHS, AGES)
def test_a_steady_load_settles_without_turning_back(kind, data, before, depth, oldest):
    case = data.draw(cases(kind))
    dwell = case.policy.rules.dwell_seconds + 1.0
    rungs = [(dwell, depth, oldest)] * (len(case.policy.levels) + 2)
    path = [index for _, index in history(case, [*before, *rungs])][len(before) :]

    assert path in (sorted(path), sorted(path, reverse=True))
    assert path[-1] == path[-2]


@each_kind
@STEADY
@given(DATA, st.integers(1, 40), AGES)
def test_a_depth_that_trembles_does_not_make_the_level_tremble(kind, data, depth, oldest):
    case = data.draw(cases(kind))
    band = case.policy.rules.hysteresis
    tremble = [(20.0, depth + (step % 2) * (band - 1), oldest) for step in range(30)]
    settled = [index for _, index in history(case, tremble)][10:]
    assert len(set(settled)) == 1


@each_moving_kind
@STEADY
@given(DATA, DEPTHS, AGES)
def test_the_reason_changes_with_the_level_and_only_then(kind, data, depth, oldest):
    case = data.draw(cases(kind))
    index = data.draw(st.integers(0, case.last))
    decision = decide(load(depth, oldest), case.standing(index), case.policy, NOW)
    assert (decision.reason == "before") == (decision.index == index)


@pytest.mark.parametrize("kind", ["threshold", "slo", "planned"])
@STEADY
@given(DATA, DEPTHS, AGES)
def test_the_way_back_is_one_rung(kind, data, depth, oldest):
    case = data.draw(cases(kind))
    index = data.draw(st.integers(0, case.last))
    assert index - 1 <= case.index(depth, case.standing(index), oldest) <= case.last


@pytest.mark.parametrize("kind", ["threshold", "planned", "table"])
@STEADY
@given(ladders(), DEPTHS, DATA)
def test_inside_the_band_and_only_there_nothing_changes(kind, policy, depth, data):
    index, rules = data.draw(st.integers(0, len(policy.levels) - 1)), policy.rules
    above = index == 0 or depth > rules.thresholds[index - 1] - rules.hysteresis
    below = index == len(rules.thresholds) or depth < rules.thresholds[index]

    case = by_depth(kind, policy)

    assert (case.index(depth, case.standing(index)) == index) == (above and below)


@STEADY
@given(by_prediction(), DEPTHS, DATA)
def test_slo_keeps_a_level_that_meets_until_a_better_one_would_with_more_ahead(case, depth, data):
    rules, index = case.policy.rules, data.draw(st.integers(0, case.last))

    def meets(level: int, ahead: int) -> bool:
        found = response(case.forecast, level, ahead)
        percentile = rules.slo.percentile
        seconds = found.mean if percentile == "mean" else found.percentile(percentile)
        return seconds <= rules.slo.seconds

    kept = index == case.last or any(meets(each, depth) for each in range(index + 1))
    better = any(meets(each, depth + rules.hysteresis) for each in range(index))
    assert (case.index(depth, case.standing(index)) == index) == (kept and not better)
