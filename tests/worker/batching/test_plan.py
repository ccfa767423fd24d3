"""The tables against diffusers' own schedulers, step by step."""

from typing import Any

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, DDPMScheduler, PNDMScheduler

from worker.batching.plan import NoiseSchedule, plan

REFERENCES = {"ddim": DDIMScheduler, "ddpm": DDPMScheduler}

STABLE_DIFFUSION_1 = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "set_alpha_to_one": False,
    "steps_offset": 1,
}
ILLUSTRATOR = {
    "beta_schedule": "squaredcos_cap_v2",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
}
ZERO_SNR = {
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "timestep_spacing": "trailing",
    "rescale_betas_zero_snr": True,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "stable-diffusion-1": STABLE_DIFFUSION_1,
    "illustrator": ILLUSTRATOR,
    "zero-snr": ZERO_SNR,
    "silent": {},
    "epsilon-linspace": {"timestep_spacing": "linspace"},
    "epsilon-trailing": {**STABLE_DIFFUSION_1, "timestep_spacing": "trailing"},
    "v-leading": {**ILLUSTRATOR, "timestep_spacing": "leading"},
    "v-linspace": {**ILLUSTRATOR, "timestep_spacing": "linspace"},
    "sample": {"prediction_type": "sample", "beta_schedule": "squaredcos_cap_v2"},
    "trained-betas": {"trained_betas": np.linspace(0.001, 0.03, 1000).tolist()},
    "fixed-large": {**STABLE_DIFFUSION_1, "variance_type": "fixed_large"},
    "fixed-small-log": {**ILLUSTRATOR, "variance_type": "fixed_small_log"},
}


def reference(sampler: str, config: dict[str, Any]) -> DDIMScheduler | DDPMScheduler:
    made = DDPMScheduler.from_config(config) if "variance_type" in config else None
    return REFERENCES[sampler].from_config(made.config if made else config, clip_sample=False)


def largest_error(sampler: str, config: dict[str, Any], steps: int) -> float:
    """The worst step's error, relative to the largest value of what the step should give."""
    oracle = reference(sampler, config)
    oracle.set_timesteps(steps)
    draws = torch.Generator().manual_seed(5)
    theirs, ours = torch.Generator().manual_seed(9), torch.Generator().manual_seed(9)
    table = plan(sampler, steps, NoiseSchedule.from_config(oracle.config))
    assert [row.timestep for row in table.rows] == oracle.timesteps.tolist()
    worst = 0.0
    for timestep, row in zip(oracle.timesteps, table.rows, strict=True):
        latent, prediction = torch.randn((2, 1, 4, 3, 5), generator=draws)
        expected = oracle.step(prediction, timestep, latent, generator=theirs).prev_sample
        got = row.latent * latent + row.prediction * prediction
        if row.noise:
            got = got + row.noise * torch.randn(latent.shape, generator=ours)
        worst = max(worst, ((got - expected).abs().max() / expected.abs().max()).item())
    return worst


@pytest.mark.parametrize("steps", [1, 2, 8, 25, 50, 100, 1000])
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
@pytest.mark.parametrize("sampler", REFERENCES)
def test_every_step_is_diffusers_step(sampler: str, config: dict[str, Any], steps: int) -> None:
    # With an offset of 1 diffusers itself has no 1000th step.
    most = 1000 - (config.get("steps_offset", 0) if "timestep_spacing" not in config else 0)
    assert largest_error(sampler, config, min(steps, most)) <= 1e-4


def test_ddpm_draws_noise_at_every_step_but_the_last() -> None:
    noises = [row.noise for row in plan("ddpm", 10, NoiseSchedule.from_config({})).rows]
    assert all(noise > 0 for noise in noises[:-1])
    assert noises[-1] == 0


def test_ddim_draws_no_noise() -> None:
    rows = plan("ddim", 10, NoiseSchedule.from_config({})).rows
    assert all(row.noise == 0 for row in rows)


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
def test_an_unsupported_config_is_refused_by_name(change: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        NoiseSchedule.from_config(change)


@pytest.mark.parametrize(
    ("sampler", "steps", "named"),
    [
        ("heun", 10, "ddpm, ddim"),
        ("ddim", 0, "between 1 and 1000"),
        ("ddpm", -3, "between 1 and 1000"),
        ("ddim", 1001, "between 1 and 1000"),
        ("ddim", 1000, "at most 999"),
    ],
)
def test_a_plan_that_cannot_be_names_what_can(sampler: str, steps: int, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        plan(sampler, steps, NoiseSchedule.from_config(STABLE_DIFFUSION_1))
