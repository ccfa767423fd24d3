"""Arrival processes: their rate, their variability, and when they come."""

import numpy as np
import pytest
from numpy.random import SeedSequence, default_rng

from controller.queueing.refusal import BadInput
from controller.queueing.simulation.arrivals import (
    Arrivals,
    Diurnal,
    Gamma,
    MarkovModulated,
    Poisson,
    Steps,
    Trace,
)
from controller.queueing.simulation.draws import arrivals_within
from controller.queueing.simulation.notation import arrivals_written
from controller.queueing.simulation.scenario import Horizon

COUNT = 200_000
PROCESSES = [
    Poisson(2.0),
    Gamma(2.0, 4.0),
    MarkovModulated((1.0, 6.0), (10.0, 2.0)),
    MarkovModulated((0.0, 1.0, 8.0), (3.0, 20.0, 1.0)),
    Diurnal(2.0, 0.8, 100.0),
    Steps((1.0, 8.0, 2.0), (60.0, 90.0)),
]


def gaps(process: Arrivals, seed: int = 1) -> np.ndarray:
    return np.diff(process.first(COUNT, default_rng(seed)), prepend=0.0)


@pytest.mark.parametrize("process", PROCESSES, ids=lambda process: type(process).__name__)
def test_arrivals_are_in_order_and_at_their_rate(process: Arrivals) -> None:
    between = gaps(process)
    assert len(between) == COUNT
    assert between.min() >= 0
    batches = between.reshape(100, -1).mean(axis=1)
    error = batches.std(ddof=1) / 10
    assert error < 0.03 / process.rate
    assert abs(between.mean() - 1 / process.rate) < 4 * error


@pytest.mark.parametrize("scv", [0.25, 1.0, 4.0])
def test_gaps_of_a_gamma_process_vary_as_asked(scv: float) -> None:
    between = gaps(Gamma(3.0, scv))
    assert between.var() / between.mean() ** 2 == pytest.approx(scv, rel=0.03)
    assert abs(np.corrcoef(between[1:], between[:-1])[0, 1]) < 0.01


def test_poisson_is_gamma_with_scv_1_in_distribution() -> None:
    for process in (Poisson(2.0), Gamma(2.0, 1.0)):
        between = gaps(process)
        assert np.mean(between > 0.5) == pytest.approx(np.exp(-1.0), abs=0.005)


def test_counts_of_an_mmpp_disperse_as_theory_says() -> None:
    """Index of dispersion of the counts in a long time (Fischer and Meier-Hellstern 1993):
    1 + 2(λ₁ - λ₂)²r₁r₂ / ((r₁ + r₂)²(λ₁r₂ + λ₂r₁)), with r the rates of leaving a state."""
    first, second, leave_first, leave_second = 1.0, 6.0, 0.1, 0.5
    both = leave_first + leave_second
    dispersion = 1 + 2 * (first - second) ** 2 * leave_first * leave_second / (
        both**2 * (first * leave_second + second * leave_first)
    )
    times = MarkovModulated((first, second), (10.0, 2.0)).first(2_000_000, default_rng(3))
    counts = np.histogram(times, np.arange(0, times[-1], 500.0))[0]
    assert counts.var() / counts.mean() == pytest.approx(dispersion, rel=0.1)


def test_a_days_wave_comes_at_its_hours() -> None:
    times = Diurnal(2.0, 0.8, 100.0).first(COUNT, default_rng(1)) % 100.0
    found = np.histogram(times, np.linspace(0, 100, 11))[0] / COUNT
    edges = np.linspace(0, 2 * np.pi, 11)
    expected = 0.1 - 0.8 * np.diff(np.cos(edges)) / (2 * np.pi)
    assert found == pytest.approx(expected, abs=0.003)


def test_a_burst_lasts_as_long_as_it_says() -> None:
    process = Steps((1.0, 50.0, 2.0), (60.0, 90.0))
    counts = [
        np.histogram(process.first(3000, default_rng(seed)), [0, 60, 90, 150])[0]
        for seed in range(200)
    ]
    assert np.mean(counts, axis=0) == pytest.approx([60, 1500, 120], rel=0.02)
    assert np.var(counts, axis=0) == pytest.approx([60, 1500, 120], rel=0.4)


def test_nobody_comes_while_the_rate_is_0() -> None:
    times = Steps((2.0, 0.0, 2.0), (60.0, 90.0)).first(1000, default_rng(1))
    assert not ((times > 60) & (times < 90)).any()
    assert (times > 90).any()


def test_a_trace_is_itself() -> None:
    trace = Trace((0.5, 0.5, 2.0))
    assert trace.first(2, default_rng(1)).tolist() == [0.5, 0.5]
    assert trace.first(9, default_rng(1)).tolist() == [0.5, 0.5, 2.0]


@pytest.mark.parametrize("process", PROCESSES[:4], ids=lambda process: type(process).__name__)
def test_a_horizon_in_time_holds_as_many_as_the_rate_says(process: Arrivals) -> None:
    counts = []
    for seed in range(300):
        times = arrivals_within(process, Horizon(seconds=200.0), SeedSequence(seed))
        assert not len(times) or times[-1] <= 200.0
        counts.append(len(times))
    error = np.std(counts, ddof=1) / np.sqrt(300)
    # A process that begins with its first state has not yet forgotten it: hence the 3 %.
    assert abs(np.mean(counts) - 200 * process.rate) < 4 * error + 0.03 * 200 * process.rate


def test_a_horizon_longer_than_expected_is_filled() -> None:
    """The last rate says 2 are expected; the burst before it brings 300."""
    times = arrivals_within(Steps((100.0, 0.1), (3.0,)), Horizon(seconds=20.0), SeedSequence(1))
    assert len(times) > 250


@pytest.mark.parametrize(
    ("text", "process"),
    [
        ("poisson", Poisson(2.0)),
        ("gamma:0.5", Gamma(2.0, 2.0)),
        ("mmpp:0.5,3:60,10", MarkovModulated((1.0, 6.0), (60.0, 10.0))),
        ("diurnal:0.8:3600", Diurnal(2.0, 0.8, 3600.0)),
        ("steps:1,5,1:60,90", Steps((2.0, 10.0, 2.0), (60.0, 90.0))),
    ],
)
def test_processes_as_one_writes_them(text: str, process: Arrivals) -> None:
    assert arrivals_written(text, 2.0) == process


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("weibull", "poisson"),
        ("gamma", "0 arguments, not 1"),
        ("gamma:x", "not a list of numbers"),
        ("gamma:0", "above 0"),
        ("gamma:1,2", "more than one number"),
        ("mmpp:1:1", "two or more"),
        ("diurnal:2:60", "from 0 to 1"),
        ("steps:1,2:5,9", "one rate more"),
        ("steps:1,2,3:9,5", "increase"),
        ("trace:/nowhere.json", "/nowhere.json"),
    ],
)
def test_what_is_no_process_is_refused(text: str, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        arrivals_written(text, 2.0)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Poisson(-1.0),
        lambda: Poisson(float("nan")),
        lambda: Gamma(1.0, 0.0),
        lambda: MarkovModulated((0.0, 0.0), (1.0, 1.0)),
        lambda: Trace((1.0, 0.5)),
        lambda: Trace(()),
        Horizon,
        lambda: Horizon(jobs=1, seconds=1.0),
        lambda: Horizon(seconds=0.0),
    ],
)
def test_bad_parameters_are_refused(wrong: object) -> None:
    with pytest.raises(BadInput):
        wrong()


def test_a_trace_is_read_from_its_file(tmp_path: object) -> None:
    file = tmp_path / "times.json"
    file.write_text("[0.5, 1, 2.5]")
    assert arrivals_written(f"trace:{file}", 1.0) == Trace((0.5, 1.0, 2.5))
