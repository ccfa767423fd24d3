"""Queues of general service against exact chains, each other, and the limits they share."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, sparse, stats

from controller.queueing import bounded, general, markovian, phases
from controller.queueing.general import mg1, mgk
from controller.queueing.refusal import BadInput, Unstable
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario
from controller.queueing.simulation.service import by_scv
from tests.controller.queueing.area import area

STEADY = settings(derandomize=True, deadline=None, database=None, max_examples=40)
SCVS = (0.0, 0.03, 0.5, 0.7, 1.0, 1.5, 9.0)
CORRECTIONS = ("allen-cunneen", "kimura")


def crommelin(rate, servers, states=150):
    """Mean wait in M/D/k with service 1: who is there a service later (C. D. Crommelin 1932)."""
    arrivals = stats.poisson.pmf(np.arange(states), rate)
    step = np.zeros((states, states))
    for n in range(states):
        left = max(n - servers, 0)
        step[n, left:] = arrivals[: states - left]
    step[:, -1] += 1 - step.sum(axis=1)
    system = np.vstack([step.T - np.eye(states), np.ones(states)])
    shares = np.linalg.lstsq(system, np.append(np.zeros(states), 1), rcond=None)[0]
    return float(np.maximum(np.arange(states) - servers, 0) @ shares) / rate


def moments(service):
    """Mean and scv of a phase-type time, from its generator."""
    inverse = np.linalg.inv(-service.generator.toarray())
    first = float(service.start @ inverse.sum(axis=1))
    second = 2 * float(service.start @ (inverse @ inverse).sum(axis=1))
    return first, second / first**2 - 1


@pytest.mark.parametrize("scv", [0.005, *SCVS[1:], 200.0])
def test_a_fit_has_its_two_moments(scv):
    assert moments(phases.fitted(3.0, scv)) == pytest.approx((3.0, scv))


@pytest.mark.parametrize("seconds", [0.0, 0.3, 1.0, 2.5, 9.0])
def test_uniformisation_is_the_erlang_distribution(seconds):
    time = phases.fitted(2.0, 0.25).distribution(2.0)
    assert time.survival(seconds) == pytest.approx(stats.gamma.sf(seconds, 4, scale=0.5), abs=1e-12)


def test_constant_service_waits_half_as_long_as_exponential():
    assert mg1(0.8, 1.0, 0.0).mean_wait == pytest.approx(markovian.mm1(0.8, 1.0).mean_wait / 2)


def test_exponential_service_is_mm1():
    found, plain = mg1(0.8, 1.0), markovian.mm1(0.8, 1.0)
    assert found.mean_wait == pytest.approx(plain.mean_wait)
    for percent in (30, 50, 95, 99.9):
        assert found.wait.percentile(percent) == pytest.approx(plain.wait.percentile(percent))
        expected = plain.response.percentile(percent)
        assert found.response.percentile(percent) == pytest.approx(expected)


@pytest.mark.parametrize("load", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("seconds", [0.0, 0.5, 1.0, 3.3, 8.0])
def test_the_wait_for_constant_service_is_erlangs(load, seconds):
    """A. K. Erlang (1909); its terms alternate, so it serves for short waits alone."""
    terms = (
        math.exp(load * (seconds - i)) * (-load * (seconds - i)) ** i / math.factorial(i)
        for i in range(int(seconds) + 1)
    )
    expected = 1 - (1 - load) * math.fsum(terms)
    assert mg1(load, 1.0, 0.0).wait.survival(seconds) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("scv", SCVS)
@pytest.mark.parametrize("load", [0.2, 0.9])
def test_the_distributions_have_the_mean_of_pollaczek_and_khinchine(scv, load):
    found = mg1(load, 1.0, scv)
    assert area(found.wait) == pytest.approx(found.mean_wait, rel=1e-4)
    assert area(found.response) == pytest.approx(found.mean_response, rel=1e-4)


@pytest.mark.parametrize("scv", [0.0, 0.5, 4.0])
def test_a_departure_leaves_those_who_came_in_its_time(scv):
    """Distributional form of Little's law (J. Keilson and L. Servi 1988): P(N = 0) = E[e^{-λT}]."""
    found = mg1(0.7, 1.0, scv)
    knots = [0, 1, 2, 5, 20, 100]
    area = sum(
        integrate.quad(lambda t: math.exp(-0.7 * t) * found.response.survival(t), a, b)[0]
        for a, b in pairwise(knots)
    )
    assert 1 - 0.7 * area == pytest.approx(0.3, abs=1e-8)


def test_hyperexponential_service_waits_as_its_phases_say():
    """The mixture of two exponentials against the chain that ends when the wait does."""
    service = phases.fitted(2.0, 3.0)
    chain = general._geometric_sum(0.7, service, 2.0).distribution(1.0)
    after = phases.followed_by(general._geometric_sum(0.7, service, 2.0), service).distribution(1.0)
    found = general.mg1(0.35, 2.0, 3.0)
    for seconds in (0.0, 0.5, 3.0, 20.0):
        assert found.wait.survival(seconds) == pytest.approx(chain.survival(seconds), abs=1e-12)
        assert found.response.survival(seconds) == pytest.approx(after.survival(seconds), abs=1e-12)


@pytest.mark.parametrize("scv", [1e5, 1e9, 1e18])
def test_service_of_any_variability_has_an_answer(scv):
    """Half of the mean is in jobs so rare and long that the wait scales with scv."""
    ratio = general.mg1(0.8, 1.0, scv).p95_response / scv
    assert ratio == pytest.approx(general.mg1(0.8, 1.0, 1e7).p95_response / 1e7, rel=1e-3)
    found = general.mgk(1.6, 1.0, scv, 2)
    assert 0 < found.p95_response < 10 * scv


def test_a_chain_that_would_take_minutes_is_refused(monkeypatch):
    monkeypatch.setattr(phases, "MOST_LOOKS", 1000)
    stiff = phases.fitted(1.0, 0.5)._replace(generator=sparse.csr_array([[-1.0, 1.0], [0, -1e9]]))
    with pytest.raises(BadInput, match="Simulate"):
        stiff.distribution(1.0).survival(5.0)


def test_the_heaviest_loads_join_on():
    below, above = mg1(0.99499, 1.0, 0.3), mg1(0.99501, 1.0, 0.3)
    assert above.p95_response == pytest.approx(below.p95_response, rel=0.01)
    assert above.p95_response > below.p95_response


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("servers", [1, 3, 20])
def test_corrections_change_nothing_for_exponential_service(correction, servers):
    found = mgk(0.8 * servers, 1.0, 1.0, servers, correction)
    plain = markovian.mmk(0.8 * servers, 1.0, servers)
    assert found.mean_wait == pytest.approx(plain.mean_wait)
    assert found.p95_response == pytest.approx(plain.p95_response)


@pytest.mark.parametrize("correction", CORRECTIONS)
@pytest.mark.parametrize("scv", [0.0, 3.0])
def test_corrections_are_exact_for_one_server(correction, scv):
    assert general.wait_ratio(0.6, scv, 1, correction) == pytest.approx((1 + scv) / 2)
    assert mgk(0.6, 1.0, scv, 1, correction).p95_response == mg1(0.6, 1.0, scv).p95_response


@pytest.mark.parametrize(("servers", "load"), [(2, 0.5), (2, 0.9), (3, 0.8), (8, 0.6), (8, 0.9)])
def test_kimura_is_within_3_percent_of_the_exact_wait_for_constant_service(servers, load):
    exact = crommelin(load * servers, servers)
    kimura, plain = (mgk(load * servers, 1.0, 0.0, servers, each) for each in CORRECTIONS[::-1])
    assert kimura.mean_wait == pytest.approx(exact, rel=0.03)
    assert abs(plain.mean_wait - exact) > abs(kimura.mean_wait - exact)
    assert plain.mean_wait < exact


@pytest.mark.parametrize(("servers", "load"), [(2, 0.5), (8, 0.8)])
def test_for_variable_service_kimura_is_nearer_to_simulation(servers, load):
    scenario = Scenario(
        arrivals=Poisson(load * servers),
        services=(by_scv(1.0, 4.0),),
        horizon=Horizon(jobs=300_000),
        workers=servers,
    )
    waits = [simulate(scenario, seed).wait[30_000:].mean() for seed in range(4)]
    mean, error = np.mean(waits), 3 * np.std(waits, ddof=1) / 2
    plain, kimura = (mgk(load * servers, 1.0, 4.0, servers, each) for each in CORRECTIONS)
    assert kimura.mean_wait == pytest.approx(mean, abs=error + 0.04 * mean)
    assert plain.mean_wait > kimura.mean_wait + error


def test_many_idle_servers_leave_service_alone():
    found = mgk(100.0, 1.0, 0.5, 5000)
    assert found.mean_wait == 0
    assert found.p95_response == pytest.approx(stats.gamma.isf(0.05, 2, scale=0.5))


def ph_finite(rate, service, capacity):
    """Loss of M/PH/1/K, by solving the chain over (jobs, phase) as it stands."""
    generator, exits = service.generator.toarray(), service.exits
    size = len(service.start)
    states = 1 + capacity * size
    flows = np.zeros((states, states))
    flows[0, 1 : 1 + size] = rate * service.start
    for n in range(1, capacity + 1):
        here = slice(1 + (n - 1) * size, 1 + n * size)
        flows[here, here] += generator - np.diag(np.diag(generator))
        if n < capacity:
            flows[here, 1 + n * size : 1 + (n + 1) * size] += rate * np.eye(size)
        if n == 1:
            flows[here, 0] += exits
        else:
            below = slice(1 + (n - 2) * size, 1 + (n - 1) * size)
            flows[here, below] += np.outer(exits, service.start)
    balance = flows.T - np.diag(flows.sum(axis=1))
    system = np.vstack([balance, np.ones(states)])
    shares = np.linalg.lstsq(system, np.append(np.zeros(states), 1), rcond=None)[0]
    return shares[-size:].sum()


@pytest.mark.parametrize("scv", [0.4, 0.5, 3.0])
@pytest.mark.parametrize(("load", "capacity"), [(0.6, 1), (0.9, 6), (2.0, 12)])
def test_one_server_with_a_buffer_is_what_its_chain_says(scv, load, capacity):
    found = bounded.mg1k(load, 1.0, scv, capacity)
    loss = ph_finite(load, phases.fitted(1.0, scv), capacity)
    assert found.loss_probability == pytest.approx(loss, rel=1e-8)
    assert found.mean_number == pytest.approx(load * (1 - loss) * found.mean_response)


def test_a_long_buffer_is_no_buffer():
    found, endless = bounded.mg1k(0.8, 1.0, 0.0, 300), mg1(0.8, 1.0, 0.0)
    assert found.mean_wait == pytest.approx(endless.mean_wait)
    assert found.loss_probability == pytest.approx(0, abs=1e-12)


def test_a_buffer_longer_than_can_be_solved_is_refused():
    with pytest.raises(BadInput, match="capacity is 10000000"):
        bounded.mg1k(0.8, 1.0, 0.5, 10_000_000)
    with pytest.raises(BadInput, match="capacity is 10000000"):
        markovian.mmkk(0.8, 1.0, 1, 10_000_000)
    with pytest.raises(BadInput, match="servers is 10000000"):
        markovian.mmk(0.8, 1.0, 10_000_000)


def test_a_long_buffer_in_overload_is_full():
    found = bounded.mg1k(20.0, 1.0, 0.3, 3000)
    assert found.loss_probability == pytest.approx(0.95)
    assert found.mean_number == pytest.approx(3000, rel=1e-3)


@pytest.mark.parametrize("scv", [0.0, 1.5])
def test_next_to_no_arrivals_find_the_server_free(scv):
    found = bounded.mg1k(1e-12, 1.0, scv, 20)
    assert found.loss_probability == 0
    assert found.mean_response == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("scv", [0.0, 0.5, 1.0, 4.0])
def test_without_room_to_wait_only_the_mean_of_service_counts(scv):
    loss = markovian.erlang_b(2.4, 3)
    assert bounded.mgkk(2.4, 1.0, scv, 3, 3).loss_probability == pytest.approx(loss)


@pytest.mark.parametrize("load", [0.5, 0.95, 1.3])
def test_the_approximate_buffer_meets_the_exact_ones(load):
    exact = markovian.mmkk(3 * load, 1.0, 3, 12)
    near = bounded.mgkk(3 * load, 1.0, 1 + 1e-9, 3, 12)
    assert near.loss_probability == pytest.approx(exact.loss_probability, rel=1e-6)
    assert near.mean_wait == pytest.approx(exact.mean_wait, rel=1e-6)
    single = bounded.mgkk(load, 1.0, 0.4, 1, 12)
    assert single.mean_wait == bounded.mg1k(load, 1.0, 0.4, 12).mean_wait


@STEADY
@given(st.floats(0.05, 0.97), st.floats(1.001, 1.03), st.sampled_from(SCVS), st.integers(1, 40))
def test_more_arrivals_and_more_variable_service_wait_longer(load, more, scv, servers):
    for correction in CORRECTIONS:
        rate = load * servers
        here = mgk(rate, 1.0, scv, servers, correction).mean_wait
        assert mgk(rate * more, 1.0, scv, servers, correction).mean_wait > here
        assert mgk(rate, 1.0, scv + 0.1, servers, correction).mean_wait > here


@pytest.mark.parametrize("model", [mg1, mgk])
def test_a_load_of_one_is_refused(model):
    with pytest.raises(Unstable, match="no steady state"):
        model(2.0, 0.5, 0.0)


def test_bad_input_is_refused_with_its_name():
    with pytest.raises(BadInput, match="scv is -1"):
        mg1(0.5, 1.0, -1.0)
    with pytest.raises(BadInput, match="no correction 'none'"):
        mgk(0.5, 1.0, 0.5, 2, "none")
    with pytest.raises(BadInput, match="does not reach"):
        bounded.mgkk(10.0, 1.0, 0.0, 2, 6)
