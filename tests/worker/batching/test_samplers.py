"""The tables against diffusers' own schedulers, step by step."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DDPMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    StableDiffusionImg2ImgPipeline,
)
from torch import Tensor

from tests.worker.batching.configs import CONFIGS, ILLUSTRATOR, STABLE_DIFFUSION_1, ZERO_SNR, Config
from worker.batching.plan import SAMPLERS, NoiseSchedule, Plan, plan

TOLERANCE = 1e-4
SHAPE = (2, 3)
STEPS = (1, 2, 8, 25, 50, 100, 1000)
CASES = [(sampler, 0.0) for sampler in SAMPLERS] + [("ddim", 0.3), ("ddim", 1.0)]
IMAGE_TO_IMAGE = [(50, 0.3), (25, 0.75), (8, 0.5), (2, 0.5)]


def reference(sampler: str, config: Config) -> Any:
    """diffusers' scheduler; nothing is clipped, as in its pipelines."""
    if sampler == "ddpm":
        return DDPMScheduler.from_config(config, clip_sample=False)
    if sampler == "ddim":
        return DDIMScheduler.from_config(config, clip_sample=False)
    config = {key: value for key, value in config.items() if key != "variance_type"}
    made = {"dpmpp-2m": DPMSolverMultistepScheduler, "euler": EulerDiscreteScheduler}[sampler]
    return made.from_config(config)


def most_steps(sampler: str, config: Config) -> int:
    """How many steps diffusers can take with a config."""
    spacing = config["timestep_spacing"]
    # With an offset of 1 the thousandth step would begin beyond the noisiest level.
    most = 1000 - (config.get("steps_offset", 0) if spacing == "leading" else 0)
    # diffusers' DPM-Solver++ then visits a timestep twice, and divides by the nothing between.
    return most - 1 if sampler == "dpmpp-2m" and spacing != "trailing" else most


def schedule_of(config: Config) -> NoiseSchedule:
    """The schedule, with ᾱ as diffusers has it on this machine.

    Rescaling to zero terminal SNR takes a float32 square root, which torch rounds by the machine,
    and then a small difference of large numbers.
    """
    schedule = NoiseSchedule.from_config(config)
    if not config.get("rescale_betas_zero_snr"):
        return schedule
    return replace(
        schedule, alphas_cumprod=DDIMScheduler.from_config(config).alphas_cumprod.numpy()
    )


class Oracle:
    """A diffusers scheduler that takes and gives variance-preserving latents."""

    def __init__(self, sampler: str, config: Config, steps: int, eta: float = 0.0) -> None:
        self.sampler = sampler
        self.scheduler = reference(sampler, config)
        self.scheduler.set_timesteps(steps)
        self.options = {"eta": eta} if eta else {}
        self.options["generator"] = torch.Generator().manual_seed(9)

    def scale(self, index: int) -> Tensor:
        """The size of diffusers' latent before step `index`, where ours is 1."""
        if self.sampler != "euler":
            return torch.tensor(1.0)
        return (self.scheduler.sigmas[index] ** 2 + 1) ** 0.5

    def step(self, index: int, latent: Tensor, prediction: Tensor) -> tuple[Tensor, Tensor]:
        """(next latent, clean latent)"""
        timestep, theirs = self.scheduler.timesteps[index], latent * self.scale(index)
        self.scheduler.scale_model_input(theirs, timestep)
        made = self.scheduler.step(prediction, timestep, theirs, **self.options)
        if self.sampler == "dpmpp-2m":
            return made.prev_sample, self.scheduler.model_outputs[-1]
        return made.prev_sample / self.scale(index + 1), made.pred_original_sample

    def rounding(self, index: int) -> float:
        """How far off diffusers' next latent may be for float32 alone.

        Euler goes from a latent to one that may be thousands of times smaller by adding to it.
        """
        if self.sampler != "euler":
            return 0.0
        return 8 * torch.finfo(torch.float32).eps * (self.scale(index) / self.scale(index + 1))


def check_steps(table: Plan, oracle: Oracle, begin: int = 0) -> None:
    """Every step from the oracle's step `begin` on gives what diffusers gives."""
    draws, stirred = torch.Generator().manual_seed(5), torch.Generator().manual_seed(9)
    assert [row.timestep for row in table.rows] == oracle.scheduler.timesteps[begin:].tolist()
    clean = torch.zeros(SHAPE)
    for index, row in enumerate(table.rows, begin):
        latent, prediction = torch.randn((2, *SHAPE), generator=draws)
        got = row.latent * latent + row.prediction * prediction + row.previous * clean
        if row.noise:
            got += row.noise * torch.randn(SHAPE, generator=stirred)
        clean = row.clean_latent * latent + row.clean_prediction * prediction
        expected, expected_clean = oracle.step(index, latent, prediction)
        assert apart(got, expected, oracle.rounding(index)) <= TOLERANCE
        assert apart(clean, expected_clean) <= TOLERANCE


def apart(got: Tensor, expected: Tensor, rounding: float = 0.0) -> float:
    """The largest error beyond `rounding`, relative to the largest value expected."""
    return float(((got - expected).abs().max() - rounding) / expected.abs().max())


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
@pytest.mark.parametrize(("sampler", "eta"), CASES)
def test_every_step_is_diffusers_step(sampler: str, eta: float, config: Config, steps: int) -> None:
    if config is ZERO_SNR and eta == 1:
        pytest.skip("diffusers takes the root of a rounding error, which may be below 0")
    steps = min(steps, most_steps(sampler, config))
    table = plan(sampler, steps, schedule_of(config), eta=eta)
    check_steps(table, Oracle(sampler, config, steps, eta))


@pytest.mark.parametrize("steps", STEPS)
@pytest.mark.parametrize("variance_type", ["fixed_small", "fixed_small_log", "fixed_large"])
def test_ddpm_follows_the_configs_variance(variance_type: str, steps: int) -> None:
    config = {**ILLUSTRATOR, "variance_type": variance_type}
    check_steps(plan("ddpm", steps, schedule_of(config)), Oracle("ddpm", config, steps))


@pytest.mark.parametrize("spacing", ["leading", "trailing", "linspace"])
@pytest.mark.parametrize(("steps", "strength"), IMAGE_TO_IMAGE)
@pytest.mark.parametrize("base", [STABLE_DIFFUSION_1, ILLUSTRATOR], ids=["epsilon", "v"])
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_strength_is_diffusers_image_to_image(
    sampler: str, base: Config, spacing: str, steps: int, strength: float
) -> None:
    config = {**base, "timestep_spacing": spacing}
    table = plan(sampler, steps, schedule_of(config), strength=strength)
    oracle = Oracle(sampler, config, steps)
    pipeline = SimpleNamespace(scheduler=oracle.scheduler)
    kept, count = StableDiffusionImg2ImgPipeline.get_timesteps(pipeline, steps, strength, "cpu")
    clean, noise = torch.randn((2, *SHAPE), generator=torch.Generator().manual_seed(3))
    begin = steps - count
    expected = oracle.scheduler.add_noise(clean, noise, kept[:1]) / oracle.scale(begin)
    torch.testing.assert_close(table.entry[0] * clean + table.entry[1] * noise, expected)
    check_steps(table, oracle, begin)


@pytest.mark.parametrize("steps", [1, 8, 100])
@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_pure_noise_is_as_large_as_diffusers_has_it(
    sampler: str, config: Config, steps: int
) -> None:
    oracle = Oracle(sampler, config, steps)
    expected = float(oracle.scheduler.init_noise_sigma / oracle.scale(0))
    assert plan(sampler, steps, schedule_of(config)).entry == (0, pytest.approx(expected))


@pytest.mark.parametrize("steps", [1, 2, 8, 25])
@pytest.mark.parametrize("config", [ILLUSTRATOR, ZERO_SNR], ids=["illustrator", "zero-snr"])
def test_euler_is_exact_where_diffusers_rounds(config: Config, steps: int) -> None:
    rows = plan("euler", steps, NoiseSchedule.from_config(config)).rows
    latent, prediction = 0.7, -1.3
    for row, below in zip(rows, [*(row.sigma for row in rows[1:]), 0.0], strict=True):
        clean = row.clean_latent * latent + row.clean_prediction * prediction
        theirs = latent * (row.sigma**2 + 1) ** 0.5
        slope = (theirs - clean) / row.sigma
        expected = (theirs + slope * (below - row.sigma)) / (below**2 + 1) ** 0.5
        got = row.latent * latent + row.prediction * prediction
        assert got == pytest.approx(expected, rel=1e-9)


def test_all_fresh_noise_leaves_nothing_of_a_latent_that_is_only_noise() -> None:
    first, second = plan("ddim", 2, NoiseSchedule.from_config(ZERO_SNR), eta=1.0).rows
    assert first.latent == pytest.approx(0, abs=1e-7)
    assert first.prediction == pytest.approx(-1 / (second.sigma**2 + 1) ** 0.5)
    assert first.noise == pytest.approx(second.sigma / (second.sigma**2 + 1) ** 0.5)
