"""What holds for every ladder, every load and every history."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from controller.decide import Standing, decide
from tests.controller.situations import NOW, ladder, load, state

DEPTHS = st.integers(0, 60)
# The same examples in every run, however slow the machine.
STEADY = settings(derandomize=True, deadline=None, database=None)


@st.composite
def ladders(draw):
    """One to five levels, any thresholds, any hysteresis that can be climbed back from."""
    thresholds = sorted(draw(st.sets(st.integers(1, 40), max_size=4)))
    hysteresis = draw(st.integers(1, thresholds[0] if thresholds else 1))
    return ladder(*thresholds, hysteresis=hysteresis, dwell=draw(st.floats(0, 10)))


@st.composite
def positions(draw):
    """A ladder and a rung of it."""
    policy = draw(ladders())
    return policy, draw(st.integers(0, len(policy.levels) - 1))


def history(policy, steps):
    """(time, index) of each step of (seconds, depth), as the live loop would go through them."""
    now, standing, seen = NOW, Standing(), []
    for seconds, depth in steps:
        now += seconds
        decision = decide(load(depth), standing, policy, now)
        seen.append((now, decision.index))
        old = standing.state
        since = now if old is None or old.index != decision.index else old.since
        standing = Standing(
            state(
                policy, decision.index, reason=decision.reason, since=since, lease_until=now + 1e6
            )
        )
    return seen


@STEADY
@given(positions(), DEPTHS, DEPTHS)
def test_more_jobs_never_mean_a_better_level(position, fewer, more):
    policy, index = position
    fewer, more = sorted((fewer, more))
    for standing in (Standing(), Standing(state(policy, index))):
        first = decide(load(fewer), standing, policy, NOW)
        second = decide(load(more), standing, policy, NOW)
        assert first.index <= second.index


@STEADY
@given(positions(), DEPTHS)
def test_inside_the_band_nothing_changes(position, depth):
    policy, index = position
    rules = policy.rules
    above = index == 0 or depth > rules.thresholds[index - 1] - rules.hysteresis
    below = index == len(rules.thresholds) or depth < rules.thresholds[index]

    decision = decide(load(depth), Standing(state(policy, index)), policy, NOW)

    assert (decision.index == index) == (above and below)


@STEADY
@given(positions(), DEPTHS)
def test_the_way_back_is_one_rung(position, depth):
    policy, index = position
    decision = decide(load(depth), Standing(state(policy, index)), policy, NOW)
    assert index - 1 <= decision.index < len(policy.levels)


@STEADY
@given(positions(), DEPTHS)
def test_the_reason_changes_with_the_level_and_only_then(position, depth):
    policy, index = position
    decision = decide(load(depth), Standing(state(policy, index)), policy, NOW)
    assert (decision.reason == "before") == (decision.index == index)


@STEADY
@given(ladders(), st.lists(st.tuples(st.floats(0, 5), DEPTHS), max_size=40))
def test_no_two_changes_within_the_dwell(policy, steps):
    seen = history(policy, steps)
    changes = [now for (_, before), (now, after) in pairwise(seen) if before != after]

    assert all(
        later - earlier >= policy.rules.dwell_seconds for earlier, later in pairwise(changes)
    )


@STEADY
@given(ladders(), st.lists(st.tuples(st.floats(0, 5), DEPTHS), max_size=10), DEPTHS)
def test_a_steady_load_settles_without_turning_back(policy, before, depth):
    dwell = policy.rules.dwell_seconds + 1.0
    rungs = [(dwell, depth)] * (len(policy.levels) + 2)
    path = [index for _, index in history(policy, [*before, *rungs])][len(before) :]

    assert path in (sorted(path), sorted(path, reverse=True))
    assert path[-1] == path[-2]


@STEADY
@given(ladders(), st.integers(1, 40))
def test_a_depth_that_trembles_does_not_make_the_level_tremble(policy, depth):
    tremble = [(20.0, depth + (step % 2) * (policy.rules.hysteresis - 1)) for step in range(30)]
    settled = [index for _, index in history(policy, tremble)][10:]
    assert len(set(settled)) == 1
