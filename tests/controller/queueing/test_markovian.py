"""Erlang's formulas and queues of exponential service against textbooks and brute force."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from controller.queueing import markovian
from controller.queueing.markovian import erlang_b, erlang_c, mm1, mmk, mmkk
from controller.queueing.refusal import BadInput, Unstable
from tests.controller.queueing.area import area

STEADY = settings(derandomize=True, deadline=None, database=None, max_examples=40)


def birth_death(rate, service_time, servers, capacity):
    """p_0 … p_K by solving the balance equations as they stand."""
    size = capacity + 1
    generator = np.zeros((size, size))
    for n in range(capacity):
        generator[n, n + 1] = rate
        generator[n + 1, n] = min(n + 1, servers) / service_time
    generator -= np.diag(generator.sum(axis=1))
    system = np.vstack([generator.T, np.ones(size)])
    return np.linalg.lstsq(system, np.append(np.zeros(size), 1), rcond=None)[0]


@pytest.mark.parametrize(
    ("load", "servers", "loss"),
    [(1, 1, 0.5), (2, 5, 0.036697), (5, 10, 0.018385), (100, 117, 0.0098)],
)
def test_erlang_b_is_that_of_the_tables(load, servers, loss):
    assert erlang_b(load, servers) == pytest.approx(loss, abs=6e-5 if servers > 100 else 5e-7)


@pytest.mark.parametrize(("load", "servers"), [(3, 2), (17, 20), (180, 200)])
def test_erlang_b_equals_its_definition_in_fractions(load, servers):
    terms = [Fraction(load**n, math.factorial(n)) for n in range(servers + 1)]
    assert erlang_b(load, servers) == pytest.approx(float(terms[-1] / sum(terms)), rel=1e-12)


@pytest.mark.parametrize("servers", [1, 3, 50, 5000])
def test_erlang_c_follows_from_the_states_of_a_long_queue(servers):
    load = 0.9 * servers
    shares = markovian.finite_shares(load, servers, servers + 400)
    assert erlang_c(load, servers) == pytest.approx(shares[servers:].sum(), rel=1e-9)


def test_three_servers_by_hand():
    """a = 2.4, k = 3: C = 0.6472, Lq = Cρ/(1 - ρ) = 2.589 (any textbook's worked example)."""
    found = mmk(2.4, 1.0, 3)
    assert found.probability_of_waiting == pytest.approx(0.647191, abs=1e-6)
    assert found.mean_wait * 2.4 == pytest.approx(0.647191 * 0.8 / 0.2, rel=1e-5)
    assert found.mean_response == pytest.approx(found.mean_wait + 1)


def test_one_server_by_hand():
    """ρ = 0.8: T is exponential with mean 5."""
    found = mm1(1.6, 0.5)
    assert found.mean_response == pytest.approx(2.5)
    assert found.mean_number == pytest.approx(4)
    assert found.response.percentile(99) == pytest.approx(-2.5 * math.log(0.01))
    assert found.wait.percentile(10) == 0


@pytest.mark.parametrize("load", [0.05, 0.5, 0.99])
def test_one_of_many_servers_is_one_server(load):
    one, many = mm1(load, 1.0), mmk(load, 1.0, 1)
    assert many.mean_wait == pytest.approx(one.mean_wait)
    assert many.p95_response == pytest.approx(one.p95_response)


@pytest.mark.parametrize(
    ("rate", "servers"), [(0.3, 1), (0.9, 1), (1.0, 2), (1.0000001, 2), (2.7, 3), (95.0, 100)]
)
def test_the_distributions_have_the_means(rate, servers):
    found = mmk(rate, 1.0, servers)
    assert area(found.wait) == pytest.approx(found.mean_wait, rel=1e-6)
    assert area(found.response) == pytest.approx(found.mean_response, rel=1e-6)


@pytest.mark.parametrize("seconds", [0.1, 1.0, 4.0])
def test_where_both_rates_are_equal_the_response_is_partly_erlang(seconds):
    """k = 2, a = 1: waiting and service both end at the rate 1; C = 1/3."""
    expected = (1 + seconds / 3) * math.exp(-seconds)
    assert mmk(1.0, 1.0, 2).response.survival(seconds) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("rate", "servers", "capacity"),
    [(0.7, 1, 1), (0.9, 1, 8), (2.4, 3, 3), (2.4, 3, 9), (9, 4, 12)],
)
def test_a_finite_queue_is_what_its_balance_equations_say(rate, servers, capacity):
    found = mmkk(rate, 1.0, servers, capacity)
    shares = birth_death(rate, 1.0, servers, capacity)
    number = np.arange(capacity + 1) @ shares
    assert found.loss_probability == pytest.approx(shares[-1])
    assert found.mean_number == pytest.approx(number)
    assert found.mean_response == pytest.approx(number / (rate * (1 - shares[-1])))
    assert found.utilisation == pytest.approx(rate * (1 - shares[-1]) / servers)
    waits = shares[servers:-1].sum() / (1 - shares[-1])
    assert found.probability_of_waiting == pytest.approx(waits, abs=1e-12)


@pytest.mark.parametrize(("rate", "servers", "capacity"), [(0.9, 1, 8), (2.4, 3, 9), (9, 4, 12)])
def test_in_a_finite_queue_the_wait_is_a_mixture_of_erlangs(rate, servers, capacity):
    found = mmkk(rate, 1.0, servers, capacity)
    shares = birth_death(rate, 1.0, servers, capacity)[:-1]
    queued = shares[servers:] / shares.sum()
    stages = np.arange(1, len(queued) + 1)
    for seconds in (0.01, 0.8, 5.0):
        expected = queued @ stats.gamma.sf(seconds, stages, scale=1 / servers)
        assert found.wait.survival(seconds) == pytest.approx(expected, rel=1e-9)
    assert area(found.response) == pytest.approx(found.mean_response, rel=1e-6)


def test_without_room_to_wait_it_is_erlang_b():
    found = mmkk(8.0, 0.5, 6, 6)
    assert found.loss_probability == pytest.approx(erlang_b(4.0, 6))
    assert found.mean_wait == 0
    assert found.p95_response == pytest.approx(-0.5 * math.log(0.05))


def test_with_much_room_nothing_is_lost():
    finite, endless = mmkk(2.4, 1.0, 3, 500), mmk(2.4, 1.0, 3)
    assert finite.loss_probability < 1e-40
    assert finite.mean_wait == pytest.approx(endless.mean_wait)
    assert finite.p95_response == pytest.approx(endless.p95_response)


def test_a_buffer_of_a_hundred_thousand_is_none():
    finite, endless = mmkk(2.4, 1.0, 3, 100_000), mmk(2.4, 1.0, 3)
    for percent in (50, 95, 99):
        for name in ("wait", "response"):
            time, other = getattr(finite, name), getattr(endless, name)
            assert time.percentile(percent) == pytest.approx(other.percentile(percent))


def test_at_load_one_all_states_of_one_server_are_as_likely():
    assert mmkk(1.0, 1.0, 1, 9).loss_probability == pytest.approx(0.1)


def test_overload_loses_what_exceeds_the_servers():
    assert mmkk(50.0, 1.0, 5, 2000).loss_probability == pytest.approx(0.9)


@STEADY
@given(st.floats(0.05, 0.98), st.floats(1.001, 1.02), st.integers(1, 60))
def test_more_arrivals_wait_longer(load, more, servers):
    rate = load * servers
    few, many = mmk(rate, 1.0, servers), mmk(rate * more, 1.0, servers)
    assert many.probability_of_waiting > few.probability_of_waiting
    assert many.mean_wait > few.mean_wait
    assert many.p95_response >= few.p95_response


@STEADY
@given(st.floats(0.05, 3), st.integers(1, 20), st.integers(0, 60))
def test_more_room_loses_less_and_waits_longer(load, servers, room):
    rate, capacity = load * servers, servers + room
    small, large = mmkk(rate, 1.0, servers, capacity), mmkk(rate, 1.0, servers, capacity + 1)
    assert large.loss_probability < small.loss_probability + 1e-14
    assert large.mean_wait >= small.mean_wait


@STEADY
@given(st.floats(0.05, 2), st.integers(1, 30), st.floats(0.001, 100))
def test_littles_law_and_units(load, servers, service_time):
    rate = load * servers / service_time
    found = mmkk(rate, service_time, servers, servers + 7)
    accepted = rate * (1 - found.loss_probability)
    assert found.mean_number == pytest.approx(accepted * found.mean_response)
    assert found.mean_response == pytest.approx(found.mean_wait + service_time)
    assert mmkk(rate * service_time, 1.0, servers, servers + 7).p95_response == pytest.approx(
        found.p95_response / service_time
    )


def test_a_load_of_one_is_refused_with_what_to_do():
    with pytest.raises(Unstable, match=r"utilisation is 1.*below 3 a second") as refusal:
        mmk(3.0, 1.0, 3)
    assert refusal.value.utilisation == 1
    assert refusal.value.stable_rate == 3


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((-1.0, 1.0, 1, 2), "rate is -1"),
        ((1.0, 0.0, 1, 2), "service_time is 0"),
        ((1.0, math.inf, 1, 2), "service_time is inf"),
        ((1.0, 1.0, 0, 2), "servers is 0"),
        ((1.0, 1.0, 3, 2), "capacity 2 is less than the 3 servers"),
    ],
)
def test_bad_input_is_refused_with_its_name(arguments, reason):
    with pytest.raises(BadInput, match=reason):
        mmkk(*arguments)


@pytest.mark.parametrize("percent", [0, 100, -5])
def test_a_percentile_is_between_0_and_100(percent):
    with pytest.raises(BadInput, match="percentile"):
        mm1(0.5, 1.0).response.percentile(percent)
