"""Rates that depend on the number outstanding, against closed forms."""

import math

import numpy as np
import pytest

from controller.queueing.levels.birth_death import by_depth, distribution
from controller.queueing.refusal import BadInput, Unstable
from tests.controller.queueing.levels.situations import QUALITIES, queue


def test_one_server_is_geometric():
    found = distribution(lambda n: 0.8, lambda n: 1.0)

    assert found[:20] == pytest.approx(0.2 * 0.8 ** np.arange(20), abs=1e-11)


def test_infinitely_many_servers_are_poisson():
    found = distribution(lambda n: 3.0, float)

    assert found[:10] == pytest.approx([math.exp(-3) * 3**n / math.factorial(n) for n in range(10)])


def test_a_capacity_gives_erlang_b():
    found = distribution(lambda n: 2.0, float, capacity=3)

    weights = [2**n / math.factorial(n) for n in range(4)]
    assert found == pytest.approx(np.array(weights) / sum(weights))


def test_arrivals_that_are_discouraged():
    found = distribution(lambda n: 1 / (n + 1), lambda n: 1.0)

    assert found[:8] == pytest.approx([math.exp(-1) / math.factorial(n) for n in range(8)])


def test_what_cannot_settle_is_refused():
    with pytest.raises(Unstable):
        distribution(lambda n: 1.0, lambda n: 1.0)
    with pytest.raises(BadInput, match="nobody would ever leave"):
        distribution(lambda n: 1.0, lambda n: 0.0)
    with pytest.raises(BadInput, match="service"):
        distribution(lambda n: 1.0, lambda n: -1.0)


def test_a_level_by_depth_is_a_birth_death_process():
    levels = (0, 0, 1, 1, 2)
    two = queue(2.0, workers=2)

    def service(n):
        return min(n, 2) / (1.0, 0.6, 0.3)[levels[min(n, 4)]]

    states = distribution(lambda n: 2.0, service)
    depth = np.arange(len(states))
    served = [states[n] * service(n) * QUALITIES[levels[min(n, 4)]] for n in depth]

    found = by_depth(two, levels)

    assert found.mean_number == pytest.approx(states @ depth, rel=1e-6)
    assert found.mean_response == pytest.approx(states @ depth / 2.0, rel=1e-6)
    assert found.effective_quality == pytest.approx(sum(served) / 2.0, rel=1e-6)
    assert found.states.sum(axis=1)[:20] == pytest.approx(states[:20], abs=1e-9)
