"""What a plan is, what it is made from, and what it is refused for."""

import numpy as np
import pytest
from diffusers import DDIMScheduler, PNDMScheduler

from tests.worker.batching.configs import (
    CONFIGS,
    ILLUSTRATOR,
    STABLE_DIFFUSION_1,
    ZERO_SNR,
    Config,
)
from worker.batching.plan import SAMPLERS, NoiseSchedule, plan, replan


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
def test_the_noise_levels_are_diffusers(config: Config) -> None:
    # Rescaling takes a difference of nearly equal roots, which torch rounds by the machine.
    tolerance = 1e-5 if config is ZERO_SNR else 1e-6
    expected = DDIMScheduler.from_config(config).alphas_cumprod.numpy()
    levels = NoiseSchedule.from_config(config).alphas_cumprod
    np.testing.assert_allclose(levels, expected, rtol=tolerance)


def test_ddpm_draws_noise_at_every_step_but_the_last() -> None:
    noises = [row.noise for row in plan("ddpm", 10, NoiseSchedule.from_config({})).rows]
    assert all(noise > 0 for noise in noises[:-1])
    assert noises[-1] == 0


@pytest.mark.parametrize("sampler", ["ddim", "dpmpp-2m", "euler"])
def test_the_others_draw_no_noise(sampler: str) -> None:
    rows = plan(sampler, 10, NoiseSchedule.from_config({})).rows
    assert all(row.noise == 0 for row in rows)


def test_ddim_draws_noise_with_an_eta() -> None:
    noises = [row.noise for row in plan("ddim", 10, NoiseSchedule.from_config({}), eta=0.5).rows]
    assert all(noise > 0 for noise in noises[:-1])
    assert noises[-1] == 0


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_dpmpp_looks_back_between_its_first_and_its_last_step(strength: float) -> None:
    rows = plan("dpmpp-2m", 10, NoiseSchedule.from_config(ILLUSTRATOR), strength=strength).rows
    assert [bool(row.previous) for row in rows] == [False, *[True] * (len(rows) - 2), False]


@pytest.mark.parametrize("sampler", ["ddpm", "ddim", "euler"])
def test_the_others_do_not_look_back(sampler: str) -> None:
    rows = plan(sampler, 10, NoiseSchedule.from_config(ILLUSTRATOR)).rows
    assert all(row.previous == 0 for row in rows)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_the_last_step_leaves_the_clean_latent(sampler: str) -> None:
    last = plan(sampler, 8, NoiseSchedule.from_config(ILLUSTRATOR)).rows[-1]
    assert last.latent == pytest.approx(last.clean_latent)
    assert last.prediction == pytest.approx(last.clean_prediction)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_row_knows_its_noise_level(sampler: str) -> None:
    schedule = NoiseSchedule.from_config(ILLUSTRATOR)
    for row in plan(sampler, 20, schedule).rows:
        alpha = schedule.alphas_cumprod[row.timestep]
        assert row.sigma == pytest.approx(((1 - alpha) / alpha) ** 0.5, rel=1e-3)


def test_a_latent_of_noise_alone_has_no_finite_noise_level() -> None:
    assert plan("ddim", 3, NoiseSchedule.from_config(ZERO_SNR)).rows[0].sigma == np.inf
    assert plan("euler", 3, NoiseSchedule.from_config(ZERO_SNR)).rows[0].sigma == pytest.approx(
        4096
    )


def test_euler_alone_visits_fractions_of_timesteps() -> None:
    schedule = NoiseSchedule.from_config({"timestep_spacing": "linspace"})
    visited = {sampler: plan(sampler, 7, schedule).rows[1].timestep for sampler in SAMPLERS}
    assert {sampler: type(timestep) for sampler, timestep in visited.items()} == {
        "ddpm": int,
        "ddim": int,
        "dpmpp-2m": int,
        "euler": float,
    }
    assert visited["euler"] == pytest.approx(999 * 5 / 6)


def test_a_clip_in_the_config_is_ignored() -> None:
    clipped, plain = ({**STABLE_DIFFUSION_1, "clip_sample": clip} for clip in (True, False))
    schedules = NoiseSchedule.from_config(clipped), NoiseSchedule.from_config(plain)
    assert plan("ddpm", 8, schedules[0]) == plan("ddpm", 8, schedules[1])


def test_what_another_scheduler_only_defaulted_to_is_not_taken_over() -> None:
    # PNDM assumes set_alpha_to_one=False, DDIM made from its config assumes True.
    oracle = DDIMScheduler.from_config(PNDMScheduler().config)
    schedule = NoiseSchedule.from_config(PNDMScheduler().config)
    assert schedule.final_alpha_cumprod == oracle.final_alpha_cumprod.item() == 1


def test_trailing_never_visits_a_timestep_before_the_first() -> None:
    schedule = NoiseSchedule.from_config(ILLUSTRATOR)
    for steps in range(1, 1001):
        timesteps = schedule.timesteps(steps)
        assert len(timesteps) == steps
        assert timesteps[0] == 999
        assert timesteps[-1] >= 0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"beta_schedule": "sigmoid"}, "squaredcos_cap_v2"),
        ({"prediction_type": "flow"}, "v_prediction"),
        ({"timestep_spacing": "karras"}, "trailing"),
        ({"variance_type": "learned_range"}, "fixed_small"),
        ({"thresholding": True}, "thresholding"),
        ({"rescale_betas_zero_snr": True}, "v_prediction"),
    ],
)
def test_an_unsupported_config_is_refused_by_name(change: Config, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        NoiseSchedule.from_config(change)


@pytest.mark.parametrize(
    ("sampler", "steps", "named"),
    [
        ("heun", 10, "ddpm, ddim, dpmpp-2m, euler"),
        ("ddim", 0, "between 1 and 1000"),
        ("ddpm", -3, "between 1 and 1000"),
        ("ddim", 1001, "between 1 and 1000"),
        ("ddim", 1000, "at most 999"),
        ("euler", 1000, "at most 999"),
        ("dpmpp-2m", 1000, "between 1 and 999"),
        ("dpmpp-2m", 999, "at most 998"),
    ],
)
def test_a_plan_that_cannot_be_names_what_can(sampler: str, steps: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        plan(sampler, steps, NoiseSchedule.from_config(STABLE_DIFFUSION_1))


@pytest.mark.parametrize(
    ("sampler", "steps", "eta", "named"),
    [
        ("heun", 10, 0, "ddpm, ddim, dpmpp-2m, euler"),
        ("ddim", 0, 0, "between 1 and 1000"),
        ("ddim", 1001, 0, "between 1 and 1000"),
        ("ddim", 10, 1.5, "between 0 and 1"),
        ("euler", 10, 0.5, "ddim"),
    ],
)
def test_a_replan_that_cannot_be_names_what_can(
    sampler: str, steps: int, eta: float, named: str
) -> None:
    schedule = NoiseSchedule.from_config(STABLE_DIFFUSION_1)
    row = plan("ddim", 10, schedule).rows[3]
    with pytest.raises(ValueError, match=named):
        replan(row, sampler, steps, schedule, eta=eta)


@pytest.mark.parametrize("eta", [-0.1, 1.1])
def test_an_eta_out_of_bounds_is_refused(eta: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        plan("ddim", 10, NoiseSchedule.from_config({}), eta=eta)


@pytest.mark.parametrize("sampler", ["ddpm", "dpmpp-2m", "euler"])
def test_an_eta_is_ddims_alone(sampler: str) -> None:
    with pytest.raises(ValueError, match="ddim"):
        plan(sampler, 10, NoiseSchedule.from_config({}), eta=0.5)


@pytest.mark.parametrize("strength", [-0.5, 0, 1.01])
def test_a_strength_that_is_no_share_is_refused(strength: float) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        plan("ddim", 8, NoiseSchedule.from_config({}), strength=strength)


@pytest.mark.parametrize("steps", [1, 3, 49, 1000])
def test_the_least_strength_takes_one_step(steps: int) -> None:
    schedule = NoiseSchedule.from_config({})
    assert plan("ddim", steps, schedule, strength=1e-9).rows == (
        plan("ddim", steps, schedule).rows[-1],
    )
