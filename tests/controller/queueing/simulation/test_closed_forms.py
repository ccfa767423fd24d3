"""The simulation beside the formulas of textbooks."""

import math

import numpy as np
import pytest

from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.service import (
    Deterministic,
    Exponential,
    Gamma,
    Hyperexponential,
    Lognormal,
)
from services.contract.profile import BatchLaw
from tests.controller.queueing.simulation.agreement import agrees, simulated

SHARING = BatchLaw(tau0=0.0, tau1=1.0, cap=1000)
SERVICES = [Deterministic(1.0), Exponential(1.0), Hyperexponential(1.0, 4.0)]


def erlang_c(load: float, servers: int) -> float:
    """By its definition, from the probabilities of 0 to k - 1 jobs."""
    terms = [load**n / math.factorial(n) for n in range(servers)]
    full = load**servers / math.factorial(servers) * servers / (servers - load)
    return full / (sum(terms) + full)


@pytest.mark.parametrize(
    ("utilisation", "jobs", "within"),
    [(0.5, 20_000, 0.05), (0.8, 50_000, 0.05), (0.95, 200_000, 0.1)],
)
def test_m_m_3(utilisation: float, jobs: int, within: float) -> None:
    found = simulated(
        jobs, arrivals=Poisson(3 * utilisation), services=(Exponential(1.0),), workers=3
    )
    waits = erlang_c(3 * utilisation, 3)
    wait = waits / (3 - 3 * utilisation)
    assert agrees(found.probability_of_waiting, waits, 0.02)
    assert agrees(found.mean_wait, wait, within)
    assert agrees(found.mean_response, wait + 1, within)
    assert agrees(found.mean_number, 3 * utilisation * (wait + 1), within)
    assert agrees(found.utilisation, utilisation, 0.01)
    assert agrees(found.throughput, 3 * utilisation, 0.01)


def test_percentiles_of_m_m_1() -> None:
    found = simulated(50_000, arrivals=Poisson(0.7), services=(Exponential(1.0),))
    for estimate, share in (
        (found.p50_response, 0.5),
        (found.p95_response, 0.95),
        (found.p99_response, 0.99),
    ):
        assert agrees(estimate, -math.log(1 - share) / 0.3, 0.05)


@pytest.mark.parametrize("service", [*SERVICES, Gamma(1.0, 0.5), Lognormal(1.0, 2.0)])
def test_m_g_1_waits_as_pollaczek_and_khinchine_say(service: object) -> None:
    found = simulated(50_000, arrivals=Poisson(0.7), services=(service,))
    assert agrees(found.mean_wait, 0.7 / 0.3 * (1 + service.scv) / 2, 0.05)
    assert agrees(found.probability_of_waiting, 0.7, 0.01)


@pytest.mark.parametrize("service", SERVICES)
def test_processor_sharing_is_insensitive_to_the_distribution(service: object) -> None:
    found = simulated(50_000, arrivals=Poisson(0.7), services=(service,), law=SHARING)
    assert agrees(found.mean_response, 1 / 0.3, 0.05)
    assert agrees(found.utilisation, 0.7, 0.01)
    assert found.mean_wait.mean == 0


@pytest.mark.parametrize("service", SERVICES)
def test_sharing_at_a_speed_that_depends_on_who_shares(service: object) -> None:
    """p_n is proportional to Π λ·slowdown(i)/i: a birth-death chain, insensitive for one server
    that all jobs share (Cohen 1979)."""
    law = BatchLaw(tau0=0.7, tau1=0.3, cap=1000)
    weights = [1.0]
    for n in range(1, 400):
        weights.append(weights[-1] * 2.0 * law.slowdown(n) / n)
    number = sum(n * weight for n, weight in enumerate(weights)) / sum(weights)
    found = simulated(50_000, arrivals=Poisson(2.0), services=(service,), law=law)
    assert agrees(found.mean_number, number, 0.05)
    assert agrees(found.mean_response, number / 2.0, 0.05)
    assert agrees(found.utilisation, 1 - 1 / sum(weights), 0.01)


def test_sharing_among_three_at_most() -> None:
    """Alone or together the server does a second of work in a second, so it is an M/M/1."""
    law = BatchLaw(tau0=0.0, tau1=1.0, cap=3)
    found = simulated(50_000, arrivals=Poisson(0.7), services=(Exponential(1.0),), law=law)
    assert agrees(found.mean_response, 1 / 0.3, 0.05)
    assert agrees(found.probability_of_waiting, 0.7**3, 0.04)


def test_two_workers_that_batch_are_a_chain() -> None:
    law, rate = BatchLaw(tau0=0.6, tau1=0.4, cap=2), 2.0
    number, waiting = _two_workers(law, rate)
    found = simulated(
        50_000, arrivals=Poisson(rate), services=(Exponential(1.0),), law=law, workers=2
    )
    assert agrees(found.mean_number, number, 0.03)
    assert agrees(found.mean_wait, waiting / rate, 0.05)


def _two_workers(law: BatchLaw, rate: float) -> tuple[float, float]:
    """Mean jobs, and mean waiting: a job goes to the emptier worker, or waits if both are full."""
    cap, room = law.cap, 200
    partial = [(a, b, 0) for a in range(cap + 1) for b in range(cap + 1)]
    states = partial + [(cap, cap, q) for q in range(1, room)]
    place = {state: index for index, state in enumerate(states)}
    generator = np.zeros((len(states), len(states)))
    for (a, b, q), here in place.items():
        for target, speed in _moves(a, b, q, law, rate):
            if target in place:
                generator[here, place[target]] += speed
                generator[here, here] -= speed
    generator[:, 0] = 1
    shares = np.linalg.solve(generator.T, np.eye(len(states))[0])
    return float(shares @ [sum(s) for s in states]), float(shares @ [s[2] for s in states])


def _moves(
    a: int, b: int, q: int, law: BatchLaw, rate: float
) -> list[tuple[tuple[int, int, int], float]]:
    if a == b == law.cap:
        moves = [((a, b, q + 1), rate)]
    else:
        moves = [((a + 1, b, q) if a <= b else (a, b + 1, q), rate)]
    if a:
        moves.append(((a, b, q - 1) if q else (a - 1, b, 0), a / law.slowdown(a)))
    if b:
        moves.append(((a, b, q - 1) if q else (a, b - 1, 0), b / law.slowdown(b)))
    return moves


@pytest.mark.parametrize("service", SERVICES)
def test_loss_of_m_g_k_k_is_erlang_b(service: object) -> None:
    found = simulated(arrivals=Poisson(3.0), services=(service,), workers=4, capacity=4)
    weights = [3.0**n / math.factorial(n) for n in range(5)]
    assert agrees(found.loss_probability, weights[4] / sum(weights), 0.05)
    assert found.mean_wait.mean == 0


def test_m_m_2_6() -> None:
    found = simulated(
        50_000, arrivals=Poisson(2.2), services=(Exponential(1.0),), workers=2, capacity=6
    )
    weights = [1.0, 2.2]
    for _ in range(5):
        weights.append(weights[-1] * 1.1)
    shares = [weight / sum(weights) for weight in weights]
    number = sum(n * share for n, share in enumerate(shares))
    assert agrees(found.loss_probability, shares[6], 0.02)
    assert agrees(found.mean_number, number, 0.02)
    assert agrees(found.mean_response, number / (2.2 * (1 - shares[6])), 0.02)


def test_deadlines_of_an_m_m_1_are_barrer_s() -> None:
    """Customers who leave after a fixed wait τ (Barrer 1957)."""
    rate, tau = 0.9, 3.0
    found = simulated(50_000, arrivals=Poisson(rate), services=(Exponential(1.0),), deadline=tau)
    # The wait offered has the density P₀·λ·exp(-(μ - λ)w) up to τ, and P₀·λ·exp(λτ - μw) beyond.
    grow = math.exp(-(1 - rate) * tau)
    within, beyond = rate * (1 - grow) / (1 - rate), rate * grow
    idle = 1 / (1 + within + beyond)
    assert agrees(found.drop_probability, idle * beyond, 0.03)
    assert agrees(found.utilisation, 1 - idle, 0.01)
