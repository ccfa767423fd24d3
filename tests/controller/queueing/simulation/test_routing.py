"""A queue for each worker, and who goes where."""

import math

import numpy as np
import pytest

from controller.queueing.simulation.arrivals import Poisson
from controller.queueing.simulation.run import simulate
from controller.queueing.simulation.scenario import Horizon, Routing, Scenario
from controller.queueing.simulation.service import Exponential
from tests.controller.queueing.simulation.agreement import agrees, simulated


def queue(routing: Routing, workers: int, utilisation: float, jobs: int = 1000) -> Scenario:
    return Scenario(
        arrivals=Poisson(workers * utilisation),
        services=(Exponential(1.0),),
        workers=workers,
        routing=routing,
        horizon=Horizon(jobs=jobs),
    )


def test_random_routing_makes_independent_m_m_1() -> None:
    found = simulated(
        50_000, arrivals=Poisson(2.1), services=(Exponential(1.0),), workers=3, routing="random"
    )
    assert agrees(found.mean_response, 1 / 0.3, 0.05)
    assert agrees(found.p95_response, math.log(20) / 0.3, 0.05)


def test_round_robin_over_two_makes_erlang_arrivals() -> None:
    """Each worker is an E₂/M/1: with σ = (λ'/(λ' + μ - μσ))² the response is 1/(μ(1 - σ))
    (Kleinrock 1975, G/M/1)."""
    sigma = 0.5
    for _ in range(500):
        sigma = (1.4 / (1.4 + 1 - sigma)) ** 2
    found = simulated(
        50_000,
        arrivals=Poisson(1.4),
        services=(Exponential(1.0),),
        workers=2,
        routing="round-robin",
    )
    assert agrees(found.mean_response, 1 / (1 - sigma), 0.05)


def test_the_supermarket() -> None:
    """With many workers, a share ρ^(2^i - 1) of them has i jobs or more when the shorter of two is
    chosen (Mitzenmacher 2001); the mean response is their sum over λ, a third of M/M/1's."""
    records = simulate(queue("power-of-two", 500, 0.9, jobs=500_000), 3)
    settled = records.response[len(records.response) // 3 :]
    tails = [0.9 ** (2**i - 1) for i in range(1, 12)]
    assert settled.mean() == pytest.approx(sum(tails) / 0.9, rel=0.02)


def test_the_supermarkets_tails() -> None:
    workers = 500
    records = simulate(queue("power-of-two", workers, 0.8, jobs=200_000), 5)
    times = np.linspace(0.4, 0.9, 40) * records.arrival[-1]
    present = [(records.arrival <= time) & (time < records.finish) for time in times]
    counts = np.array([np.bincount(records.worker[here], minlength=workers) for here in present])
    for i in (1, 2, 3):
        assert np.mean(counts >= i) == pytest.approx(0.8 ** (2**i - 1), abs=0.01)


def test_the_shortest_queue_nears_one_queue_in_heavy_traffic() -> None:
    """Join-shortest-queue and M/M/k have the same limit as ρ → 1 (Foschini and Salz 1978)."""
    jsq, shared = (
        np.mean(
            [simulate(queue(routing, 2, 0.97, 300_000), seed).response.mean() for seed in (1, 2, 3)]
        )
        for routing in ("jsq", "shared")
    )
    assert 1.0 < jsq / shared < 1.06


def test_the_more_one_knows_the_shorter_the_wait() -> None:
    order: list[Routing] = ["shared", "jsq", "power-of-two", "round-robin", "random"]
    means = [simulate(queue(routing, 8, 0.85, 200_000), 2).response.mean() for routing in order]
    assert means == sorted(means)


def test_round_robin_takes_turns() -> None:
    records = simulate(queue("round-robin", 3, 0.9), 1)
    assert (records.worker == np.arange(1000) % 3).all()


def test_the_shortest_queue_is_joined() -> None:
    records = simulate(queue("jsq", 4, 0.9), 1)
    for job in range(200, 400):
        here = (records.arrival[:job] < records.arrival[job]) & (
            records.finish[:job] > records.arrival[job]
        )
        found = np.bincount(records.worker[:job][here], minlength=4)
        assert found[records.worker[job]] == found.min()


def test_two_different_workers_are_compared() -> None:
    """With two workers that is the shorter one always; with three, each is chosen as often."""
    records = simulate(queue("power-of-two", 2, 0.9), 1)
    for job in range(200, 400):
        here = (records.arrival[:job] < records.arrival[job]) & (
            records.finish[:job] > records.arrival[job]
        )
        found = np.bincount(records.worker[:job][here], minlength=2)
        assert found[records.worker[job]] == found.min()
    worker = simulate(queue("power-of-two", 3, 0.5, 30_000), 1).worker
    assert np.bincount(worker) / 30_000 == pytest.approx([1 / 3] * 3, abs=0.01)
