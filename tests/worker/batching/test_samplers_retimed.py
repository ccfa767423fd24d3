"""A picture under way goes over to another table, and ends where it should."""

import math
import random
from dataclasses import astuple

import numpy as np
import pytest

from tests.worker.batching.configs import CONFIGS, ILLUSTRATOR, STABLE_DIFFUSION_1, ZERO_SNR, Config
from worker.batching.plan import SAMPLERS, NoiseSchedule, Row, plan, replan

MEAN, DEVIATION = 1.5, 0.5
"""Of the clean latents of a world where they are normal, so that the best prediction is known."""
TOYS = {
    "epsilon-leading": STABLE_DIFFUSION_1,
    "epsilon-linspace": {**STABLE_DIFFUSION_1, "timestep_spacing": "linspace"},
    "v-trailing": ILLUSTRATOR,
    "zero-snr": ZERO_SNR,
}
Retiming = tuple[int, str, float, int]
"""(steps taken before it, sampler, eta, steps)"""


def signal_and_noise(row: Row) -> tuple[float, float]:
    signal = 1 / math.sqrt(row.sigma**2 + 1)
    return signal, math.sqrt(1 - signal**2)


def best_prediction(row: Row, kind: str) -> tuple[float, float]:
    """(slope, offset) in the latent of what a perfect model says at a row's noise level."""
    signal, noise = signal_and_noise(row)
    slope = signal * DEVIATION**2 / ((signal * DEVIATION) ** 2 + noise**2)
    offset = MEAN - slope * signal * MEAN
    said = {
        "epsilon": lambda clean, latent: (latent - signal * clean) / noise,
        "v_prediction": lambda clean, latent: (signal * latent - clean) / noise,
    }[kind]
    return said(slope, 1), said(offset, 0)


def ending(rows: list[Row], kind: str) -> tuple[float, float]:
    """(mean, standard deviation) of the latents that leave `rows`, exactly.

    They come in as noised clean latents do. What is followed is (latent, clean latent before).
    """
    signal, noise = signal_and_noise(rows[0])
    mean = np.array([signal * MEAN, 0])
    spread = np.diag([(signal * DEVIATION) ** 2 + noise**2, 0])
    for row in rows:
        slope, offset = best_prediction(row, kind)
        move = np.array(
            [
                [row.latent + row.prediction * slope, row.previous],
                [row.clean_latent + row.clean_prediction * slope, 0],
            ]
        )
        mean = move @ mean + np.array([row.prediction, row.clean_prediction]) * offset
        spread = move @ spread @ move.T + np.diag([row.noise**2, 0])
    return mean[0], math.sqrt(spread[0, 0])


def walk(schedule: NoiseSchedule, sampler: str, steps: int, retimings: list[Retiming]) -> list[Row]:
    """The rows taken by a picture that is re-timed on its way."""
    taken, ahead = [], list(plan(sampler, steps, schedule).rows)
    for after, other, eta, count in retimings:
        taken, ahead = taken + ahead[:after], ahead[after:]
        if ahead:
            ahead = list(replan(ahead[0], other, count, schedule, eta=eta).rows)
    return taken + ahead


@pytest.mark.parametrize("at", [0, 1, 100, 199])
@pytest.mark.parametrize("other", SAMPLERS)
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("config", TOYS.values(), ids=TOYS.keys())
def test_any_sampler_goes_over_to_any_other(
    config: Config, sampler: str, other: str, at: int
) -> None:
    schedule = NoiseSchedule.from_config(config)
    mean, deviation = ending(
        walk(schedule, sampler, 200, [(at, other, 0.0, 150)]), schedule.prediction_type
    )
    assert mean == pytest.approx(MEAN, abs=0.01 * DEVIATION)
    assert deviation == pytest.approx(DEVIATION, rel=0.06)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("config", TOYS.values(), ids=TOYS.keys())
def test_any_number_of_retimings_ends_right(config: Config, seed: int) -> None:
    schedule, draw = NoiseSchedule.from_config(config), random.Random(seed)
    retimings = []
    for _ in range(4):
        other = draw.choice(list(SAMPLERS))
        eta = draw.random() if other == "ddim" else 0.0
        retimings.append((draw.randrange(60), other, eta, draw.randrange(150, 400)))
    # 250 steps, because diffusers' DDIM steps wide of the next timestep where 1000 is no multiple.
    rows = walk(schedule, draw.choice(list(SAMPLERS)), 250, retimings)
    mean, deviation = ending(rows, schedule.prediction_type)
    assert mean == pytest.approx(MEAN, abs=0.01 * DEVIATION)
    assert deviation == pytest.approx(DEVIATION, rel=0.06)


def test_second_order_is_worth_it_after_a_retiming() -> None:
    schedule = NoiseSchedule.from_config(ILLUSTRATOR)
    errors = {
        other: abs(
            ending(walk(schedule, "dpmpp-2m", 50, [(10, other, 0.0, 20)]), "v_prediction")[1]
            - DEVIATION
        )
        for other in ("dpmpp-2m", "euler")
    }
    assert errors["dpmpp-2m"] < 0.1 * errors["euler"]


@pytest.mark.parametrize("steps", [1, 2, 8, 25, 30, 100, 1000])
@pytest.mark.parametrize("config", [ILLUSTRATOR, ZERO_SNR], ids=["illustrator", "zero-snr"])
@pytest.mark.parametrize("sampler", ["ddpm", "dpmpp-2m", "euler"])
def test_a_replan_from_the_beginning_is_the_plan(sampler: str, config: Config, steps: int) -> None:
    schedule = NoiseSchedule.from_config(config)
    rows = plan(sampler, steps, schedule).rows
    again = replan(rows[0], sampler, steps, schedule).rows
    assert [row.timestep for row in again] == [row.timestep for row in rows]
    got, expected = ([astuple(row) for row in table] for table in (again, rows))
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("eta", [0.0, 0.7])
@pytest.mark.parametrize("steps", [1, 2, 8, 25, 100, 1000])
def test_it_is_for_ddim_where_the_stride_is_whole(steps: int, eta: float) -> None:
    schedule = NoiseSchedule.from_config(ZERO_SNR)
    rows = plan("ddim", steps, schedule, eta=eta).rows
    again = replan(rows[0], "ddim", steps, schedule, eta=eta).rows
    got, expected = ([astuple(row) for row in table] for table in (again, rows))
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("timestep", "steps", "count"),
    [(999, 8, 8), (499, 8, 4), (499, 25, 13), (499, 1, 1), (0, 1000, 1), (9, 20, 1), (624, 8, 5)],
)
def test_it_takes_its_share_of_the_steps(timestep: int, steps: int, count: int) -> None:
    schedule = NoiseSchedule.from_config(ILLUSTRATOR)
    row = plan("ddpm", 1000, schedule).rows[999 - timestep]
    assert row.timestep == timestep
    assert replan(row, "euler", steps, schedule).steps == count


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
@pytest.mark.parametrize("sampler", ["ddim", "euler"])
def test_it_goes_down_from_the_rows_own_level_and_ends_clean(sampler: str, config: Config) -> None:
    schedule = NoiseSchedule.from_config({**config, "set_alpha_to_one": True})
    for row in (*plan(sampler, 97, schedule).rows, *plan(sampler, 700, schedule).rows[-40:]):
        for steps in (1, 13, 1000):
            rest = replan(row, sampler, steps, schedule).rows
            timesteps = [step.timestep for step in rest]
            assert (timesteps[0], rest[0].sigma) == (row.timestep, pytest.approx(row.sigma))
            assert timesteps == sorted(set(timesteps), reverse=True)
            assert timesteps[-1] >= 0
            assert all(isinstance(timestep, int) for timestep in timesteps[1:])
            last = rest[-1]
            assert last.latent == pytest.approx(last.clean_latent)
            assert last.prediction == pytest.approx(last.clean_prediction)


def test_what_it_takes_to_begin_there_is_the_rows_level() -> None:
    schedule = NoiseSchedule.from_config(ILLUSTRATOR)
    row = plan("ddpm", 50, schedule).rows[20]
    assert replan(row, "euler", 8, schedule).entry == pytest.approx(signal_and_noise(row))
