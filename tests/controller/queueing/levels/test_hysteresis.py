"""The chain over depth and level, against its own generator and closed forms."""

import numpy as np
import pytest

from controller.queueing.levels import hysteresis
from controller.queueing.levels.chain import chains
from controller.queueing.levels.hysteresis import NEGLIGIBLE, measure
from controller.queueing.refusal import BadInput, Unstable
from tests.controller.queueing.levels.situations import ENGINE, HYSTERESIS, ONE_LEVEL, queue


def by_generator(asked, table, depths, clock=0.0):
    """p(n, level) by one dense solve of the whole chain, cut at a depth."""
    levels = len(table)
    generator = np.zeros((depths + 1, levels, depths + 1, levels))
    for n, i in np.ndindex(depths + 1, levels):

        def to(depth, i=i):
            return i if clock else table[i, min(depth, table.shape[1] - 1)]

        if n < depths:
            generator[n, i, n + 1, to(n + 1)] += asked.arrival_rate
        if n:
            generator[n, i, n - 1, to(n - 1)] += asked.service_rates(n)[n, i]
        generator[n, i, n, table[i, min(n, table.shape[1] - 1)]] += clock
    size = (depths + 1) * levels
    matrix = generator.reshape(size, size)
    matrix -= np.diag(matrix.sum(axis=1))
    equations = np.vstack([matrix.T, np.ones(size)])
    solution = np.linalg.lstsq(equations, np.append(np.zeros(size), 1.0), rcond=None)[0]
    return solution.reshape(depths + 1, levels)


@pytest.mark.parametrize("clock", [0.0, 0.5])
@pytest.mark.parametrize(
    "asked", [queue(2.0), queue(4.0, workers=2, law=ENGINE)], ids=["one", "two-engines"]
)
def test_the_states_are_those_of_the_generator(asked, clock):
    states = by_generator(asked, HYSTERESIS, 70, clock)

    found = measure(asked, HYSTERESIS, 1 / clock if clock else None)

    assert found.states[:35] == pytest.approx(states[:35], abs=1e-8)
    assert found.mean_number == pytest.approx(states.sum(axis=1) @ np.arange(71), rel=1e-6)
    assert found.residency == pytest.approx(states.sum(axis=0), abs=1e-7)


def test_so_are_those_of_levels_that_change_however_long_the_queue():
    table = np.array([[0, 0, 1, 1], [0, 1, 1, 2], [0, 1, 1, 1]])
    states = by_generator(queue(1.2), table, 120)

    found = measure(queue(1.2), table)

    assert found.states[:30] == pytest.approx(states[:30], abs=1e-8)
    assert found.mean_number == pytest.approx(states.sum(axis=1) @ np.arange(121), rel=1e-6)


def test_a_buffer_loses_what_finds_it_full():
    asked = queue(5.0, capacity=9)
    states = by_generator(asked, HYSTERESIS, 9)

    found = measure(asked, HYSTERESIS)

    assert found.states == pytest.approx(states, abs=1e-9)
    assert found.loss_probability == pytest.approx(states[9].sum())
    mean_number = states.sum(axis=1) @ np.arange(10)
    assert found.mean_response == pytest.approx(mean_number / 5.0 / (1 - states[9].sum()))


def test_one_level_is_mmk():
    found = measure(queue(2.0, levels=1, workers=3), ONE_LEVEL)

    # Erlang C for a load of 2 on 3 servers is 4/9; L = C·ρ/(1 - ρ) + a.
    assert found.mean_number == pytest.approx(4 / 9 * 2 + 2, rel=1e-7)


@pytest.mark.parametrize("load", [0.02, 0.5, 0.97])
def test_all_but_a_negligible_tail_is_kept_and_is_that_of_mm1(load):
    states = measure(queue(load, levels=1), ONE_LEVEL).states[:, 0]

    theory = (1 - load) * load ** np.arange(len(states))
    assert states == pytest.approx(theory, rel=1e-6, abs=0)
    assert theory[-1] * load / (1 - load) < NEGLIGIBLE


def test_many_tables_together_are_each_as_alone():
    asked = queue(2.0)
    other = np.minimum(HYSTERESIS, 1)
    other[:, -1] = 2
    chain = chains(asked, np.stack([HYSTERESIS, other]))

    together = hysteresis.solve(chain)

    for states, table in zip(together, (HYSTERESIS, other), strict=True):
        alone = measure(asked, table).states
        assert states[: len(alone)] == pytest.approx(alone[: len(states)], abs=1e-9)


def test_a_fast_clock_is_as_good_as_none():
    slow, fast = (measure(queue(2.0), HYSTERESIS, seconds) for seconds in (1.0, 1e-4))
    at_once = measure(queue(2.0), HYSTERESIS)

    assert fast.effective_quality == pytest.approx(at_once.effective_quality, abs=1e-3)
    assert abs(slow.effective_quality - at_once.effective_quality) > 0.01


def test_levels_are_entered_as_often_as_they_are_left():
    found = measure(queue(2.0), HYSTERESIS)

    # Best to next and back: the level goes down when a third job comes, up when one is left.
    down = 2.0 * found.states[2, 0]
    deeper = 2.0 * found.states[5, 1]
    assert found.switch_rate == pytest.approx(2 * (down + deeper), rel=1e-6)


def test_what_arrivals_find_is_what_is_there_and_then_decided():
    found = measure(queue(2.0), HYSTERESIS)

    assert found.found.sum(axis=1) == pytest.approx(found.states.sum(axis=1))
    assert found.found[2, 0] == 0
    assert found.found[2, 1] == pytest.approx(found.states[2, :2].sum())


def test_what_never_leaves_a_level_began_in_the_first():
    stuck = np.array([[0], [1], [2]])

    assert measure(queue(0.5), stuck).residency == pytest.approx((1, 0, 0))


def test_no_steady_state_is_refused():
    with pytest.raises(Unstable) as refused:
        measure(queue(3.4), HYSTERESIS)
    assert refused.value.stable_rate == pytest.approx(1 / 0.3)
    with pytest.raises(BadInput, match="decision_seconds"):
        measure(queue(1.0), HYSTERESIS, -1.0)
