"""The batching engine's closed forms against brute force, older formulas, and simulation."""

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from controller.queueing import general, markovian
from controller.queueing.engine import NO_LIMIT, Engine
from controller.queueing.occupancy import occupied, spread_evenly
from controller.queueing.refusal import BadInput, Unstable
from controller.queueing.sharing import ps
from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Scenario
from controller.queueing.simulation.service import by_scv
from services.contract.profile import ONE_AT_A_TIME, BatchLaw
from tests.controller.queueing.area import area

STEADY = settings(derandomize=True, deadline=None, database=None, max_examples=40)
BATCHING = BatchLaw(tau0=0.8, tau1=0.2, cap=8)
TIGHT = BatchLaw(tau0=0.2, tau1=0.8, cap=3)
PLAIN = BatchLaw(tau0=0.0, tau1=1.0, cap=NO_LIMIT)


def simulated(rate, engine, scv, seeds=range(4), jobs=150_000):
    """Mean, 95th percentile, and 3 standard errors of each over independent runs."""
    runs = []
    for seed in seeds:
        scenario = Scenario(
            arrivals=Poisson(rate),
            services=(by_scv(engine.work, scv),),
            horizon=Horizon(jobs=jobs),
            workers=engine.workers,
            law=engine.law,
        )
        response = simulate(scenario, seed).response[jobs // 10 :]
        runs.append((response.mean(), np.percentile(response, 95)))
    mean, error = np.mean(runs, axis=0), 3 * np.std(runs, axis=0, ddof=1) / math.sqrt(len(runs))
    return mean, error


def labelled_chain(rate, engine, most):
    """Distribution of the number, by the chain over (in worker 0, in worker 1, waiting)."""
    cap = engine.law.cap
    states = [(a, b, 0) for a in range(cap + 1) for b in range(cap + 1)]
    states += [(cap, cap, waiting) for waiting in range(1, most + 1)]
    index = {state: position for position, state in enumerate(states)}
    flows = np.zeros((len(states), len(states)))

    def flow(origin, target, speed):
        if target in index:
            flows[index[origin], index[target]] += speed

    for a, b, waiting in states:
        here = (a, b, waiting)
        if a == b == cap:
            flow(here, (cap, cap, waiting + 1), rate)
        else:
            flow(here, (a + 1, b, 0) if a <= b else (a, b + 1, 0), rate)
        for worker, held in enumerate((a, b)):
            if not held:
                continue
            fewer = (a - (worker == 0), b - (worker == 1), 0)
            target = (cap, cap, waiting - 1) if waiting else fewer
            flow(here, target, held / (engine.work * engine.law.slowdown(held)))
    system = np.vstack([flows.T - np.diag(flows.sum(axis=1)), np.ones(len(states))])
    shares = np.linalg.lstsq(system, np.append(np.zeros(len(states)), 1), rcond=None)[0]
    return np.bincount([sum(state) for state in states], weights=shares)


@pytest.mark.parametrize("scv", [0.0, 1.0, 3.0])
def test_one_place_is_one_server(scv):
    found, plain = ps(0.8, Engine(1.0, ONE_AT_A_TIME), scv), general.mg1(0.8, 1.0, scv)
    assert found.mean_wait == pytest.approx(plain.mean_wait)
    assert found.mean_response == pytest.approx(plain.mean_response)
    if scv == 1:
        assert found.p95_response == pytest.approx(plain.p95_response)


@pytest.mark.parametrize("servers", [2, 3, 8])
def test_one_place_each_is_many_servers(servers):
    rate = 0.8 * servers / 2.5
    found, plain = ps(rate, Engine(2.5, ONE_AT_A_TIME, servers)), markovian.mmk(rate, 2.5, servers)
    assert found.mean_wait == pytest.approx(plain.mean_wait)
    assert found.p95_response == pytest.approx(plain.p95_response)


def test_a_batch_that_costs_nothing_more_is_many_servers():
    found = ps(2.4, Engine(1.0, BatchLaw(tau0=1.0, tau1=0.0, cap=3)))
    plain = markovian.mmk(2.4, 1.0, 3)
    assert found.mean_response == pytest.approx(plain.mean_response)
    assert found.p95_response == pytest.approx(plain.p95_response)


@pytest.mark.parametrize("scv", [0.0, 1.0, 5.0])
def test_plain_sharing_has_the_mean_of_mm1_whatever_the_work(scv):
    assert ps(0.8, Engine(1.0, PLAIN), scv).mean_response == pytest.approx(5.0)


@pytest.mark.parametrize("scv", [0.0, 1.0])
def test_without_a_cap_nobody_waits_however_near_the_limit(scv):
    found = ps(0.99999, Engine(1.0, PLAIN), scv)
    assert (found.probability_of_waiting, found.mean_wait) == (0.0, 0.0)
    assert found.mean_response == pytest.approx(1e5)
    assert found.wait is None or found.wait.percentile(99) == 0


def test_without_a_cap_the_number_is_negative_binomial():
    """The closed mean against the product of the speeds, which a cap out of reach has."""
    law = BatchLaw(tau0=0.6, tau1=0.2, cap=500)
    endless = ps(3.0, Engine(1.0, law.model_copy(update={"cap": NO_LIMIT})))
    limited = ps(3.0, Engine(1.0, law))
    assert endless.mean_response == pytest.approx(4.0)
    assert limited.mean_response == pytest.approx(4.0)
    assert endless.p95_response == pytest.approx(limited.p95_response)


def test_work_that_costs_nothing_more_has_no_limit():
    found = ps(300.0, Engine(1.0, BatchLaw(tau0=1.0, tau1=0.0, cap=NO_LIMIT)))
    assert found.utilisation == 0
    assert found.mean_response == pytest.approx(1.0)
    assert found.p95_response == pytest.approx(math.log(20))


def test_more_places_than_can_be_counted_are_refused():
    with pytest.raises(BadInput, match="so near its limit"):
        ps(1.99999, Engine(1.0, PLAIN, 2))
    with pytest.raises(BadInput, match="give a smaller cap"):
        ps(1.0, Engine(1.0, PLAIN, 1000))


@pytest.mark.parametrize("law", [PLAIN, TIGHT])
def test_a_load_of_one_is_refused_with_what_helps_an_engine(law):
    with pytest.raises(Unstable, match="add workers") as refused:
        ps(2.0, Engine(1.0, law))
    assert "capacity" not in str(refused.value)
    assert ("advance together" in str(refused.value)) == (law is TIGHT)


@pytest.mark.parametrize("load", [0.3, 0.8, 0.95])
def test_plain_sharing_has_the_known_variance(load):
    """Var T = (2 + ρ) / ((2 - ρ)(1 - ρ)²) for S = 1 (Coffman, Muntz and Trotter 1970)."""
    time = ps(load, Engine(1.0, PLAIN)).response
    ends = [0, 1, 10, 100, 1000, 5000]
    second = sum(
        integrate.quad(lambda t: 2 * t * time.survival(t), *piece, limit=100, epsrel=1e-7)[0]
        for piece in pairwise(ends)
    )
    expected = (2 + load) / ((2 - load) * (1 - load) ** 2)
    assert second - time.mean**2 == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("law", [BATCHING, TIGHT])
@pytest.mark.parametrize("load", [0.2, 0.7, 0.97])
def test_the_followed_job_takes_as_long_as_littles_law_says(law, load):
    engine = Engine(2.0, law)
    found = ps(load * engine.stable_rate, engine)
    assert area(found.response) == pytest.approx(found.mean_response, rel=1e-5)


@pytest.mark.parametrize("load", [0.7, 0.97])
def test_the_wait_has_its_mean(load):
    engine = Engine(2.0, TIGHT)
    found = ps(load * engine.stable_rate, engine)
    assert area(found.wait) == pytest.approx(found.mean_wait, rel=1e-5)


@pytest.mark.parametrize(("law", "load"), [(TIGHT, 0.4), (TIGHT, 0.85), (BATCHING, 0.7)])
def test_two_workers_are_what_their_chain_says(law, load):
    engine = Engine(1.5, law, 2)
    rate = load * engine.stable_rate
    shares = labelled_chain(rate, engine, 150)
    found = occupied(rate, engine)
    assert found.shares == pytest.approx(shares[: engine.places], abs=1e-9)
    number = np.arange(len(shares)) @ shares
    assert ps(rate, engine).mean_number == pytest.approx(number, rel=1e-6)


def test_an_even_spread_flatters_where_jobs_are_few():
    engine = Engine(1.0, TIGHT, 3)
    exact, even = occupied(3.0, engine), spread_evenly(3.0, engine)
    assert 0 < exact.full / even.full - 1 < 0.1


def test_a_cap_out_of_reach_is_no_cap():
    far = BatchLaw(tau0=0.8, tau1=0.2, cap=400)
    near = BatchLaw(tau0=0.8, tau1=0.2, cap=60)
    found, less = ps(5.0, Engine(1.0, far, 2)), ps(5.0, Engine(1.0, near, 2))
    assert found.mean_response == pytest.approx(less.mean_response, rel=1e-9)
    assert found.p95_response == pytest.approx(less.p95_response, rel=1e-6)


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_exponential_work_agrees_with_simulation(load):
    for engine in (Engine(1.0, BATCHING), Engine(1.0, BATCHING, 2)):
        rate = load * engine.stable_rate
        found, (mean, error) = ps(rate, engine), simulated(rate, engine, 1.0)
        slack = 0.01 * mean[1] if engine.workers > 1 else 0
        assert found.mean_response == pytest.approx(mean[0], abs=error[0])
        assert found.p95_response == pytest.approx(mean[1], abs=error[1] + slack)


@pytest.mark.parametrize(("scv", "stated"), [(0.0, 0.01), (0.5, 0.01), (4.0, 0.04)])
@pytest.mark.parametrize("load", [0.5, 0.8])
def test_other_work_is_within_the_stated_error(scv, stated, load):
    for engine in (Engine(1.0, BATCHING), Engine(1.0, BATCHING, 2), Engine(1.0, TIGHT)):
        rate = load * engine.stable_rate
        found, (mean, error) = ps(rate, engine, scv), simulated(rate, engine, scv)
        assert found.mean_response == pytest.approx(mean[0], abs=error[0] + stated * mean[0])


@STEADY
@given(
    st.floats(0, 2),
    st.floats(0.01, 2),
    st.integers(1, 12),
    st.integers(1, 3),
    st.floats(0.05, 0.95),
)
def test_more_arrivals_take_longer_and_little_holds(tau0, tau1, cap, workers, load):
    engine = Engine(1.0, BatchLaw(tau0=tau0, tau1=tau1, cap=cap), workers)
    rate = load * engine.stable_rate
    here, busier = ps(rate, engine, 0.5), ps(1.02 * rate, engine, 0.5)
    assert here.mean_number == pytest.approx(rate * here.mean_response)
    assert busier.mean_response > here.mean_response
    assert busier.probability_of_waiting > here.probability_of_waiting
    assert here.mean_response >= 1 + here.mean_wait - 1e-12


@STEADY
@given(st.integers(1, 40), st.integers(1, 4))
def test_the_stable_rate_is_where_the_queue_begins_to_grow(cap, workers):
    engine = Engine(0.5, BatchLaw(tau0=0.6, tau1=0.4, cap=cap), workers)
    assert engine.stable_rate == pytest.approx(workers * cap / (0.6 + 0.4 * cap) / 0.5)
    assert ps(0.999 * engine.stable_rate, engine, 0).mean_wait > 10 * engine.work / engine.places
    with pytest.raises(Unstable) as refusal:
        ps(engine.stable_rate, engine)
    assert refusal.value.stable_rate == engine.stable_rate


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((-1.0, Engine(1.0, PLAIN)), "rate is -1"),
        ((0.5, Engine(0.0, PLAIN)), "work is 0"),
        ((0.5, Engine(1.0, PLAIN, 0)), "workers is 0"),
        ((0.5, Engine(1.0, PLAIN), -0.1), "scv is -0.1"),
    ],
)
def test_bad_input_is_refused_with_its_name(arguments, reason):
    with pytest.raises(BadInput, match=reason):
        ps(*arguments)
